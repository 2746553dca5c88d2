/** From an arbiter's URL, as given on the command line, to the arbiter. */
import { FtWasmError } from '../../errors.js';
import type { Arbiter } from '../arbiter.js';
import { EtcdArbiter } from './etcd.js';
import { FileArbiter } from './file.js';

const FILE_USAGE = 'an arbiter is given as file:DIR/NAME, where DIR exists on storage that all replicas share';
const ETCD_USAGE = 'an arbiter in etcd is given as etcd://HOST:PORT[,HOST:PORT...]/KEY, or etcds://... for TLS';
const ENDPOINT = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s@]+):\d{1,5}$/;

/**
 * Opens nothing yet: errors of the directory or the cluster come from the first use.
 * @param url `file:DIR/NAME`, also `file:///DIR/NAME`; `etcd://HOST:PORT[,HOST:PORT...]/KEY`, `etcds://...` for TLS
 * @throws FtWasmError FTW_USAGE for an unknown scheme or a missing name
 */
export function openArbiter(url: string, environment: NodeJS.ProcessEnv = process.env): Arbiter {
  const colon = url.indexOf(':');
  const scheme = colon < 0 ? '' : url.slice(0, colon);
  const rest = url.slice(colon + 1);
  if (scheme === 'file') return openFile(url, rest);
  if (scheme === 'etcd' || scheme === 'etcds') return openEtcd(url, rest, scheme === 'etcds', environment);
  const what = colon < 0 ? `${JSON.stringify(url)} has no scheme` : `unknown arbiter scheme ${JSON.stringify(scheme)}`;
  throw new FtWasmError('FTW_USAGE', `${what}; ${FILE_USAGE}, or as etcd://HOST:PORT/KEY`, { url });
}

function openFile(url: string, rest: string): Arbiter {
  const path = rest.replace(/^\/\/(?=\/)/, '');
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (path.startsWith('//')) throw wrong(url, 'names a host', FILE_USAGE);
  if (name === '' || name === '.' || name === '..') throw wrong(url, 'names no record', FILE_USAGE);
  return new FileArbiter(path);
}

/** Credentials come from the environment, as for etcdctl: a command line can be read by everybody on the machine. */
function openEtcd(url: string, rest: string, secure: boolean, environment: NodeJS.ProcessEnv): Arbiter {
  const parts = /^\/\/([^/]+)\/(.+)$/.exec(rest);
  if (parts === null) throw wrong(url, 'names no cluster or no key', ETCD_USAGE);
  const [, hosts, key] = parts as unknown as [string, string, string];
  const endpoints = hosts.split(',');
  const odd = endpoints.find((endpoint) => !ENDPOINT.test(endpoint));
  if (odd !== undefined) throw wrong(url, `has the address ${JSON.stringify(odd)}`, ETCD_USAGE);
  const { ETCDCTL_CACERT: cacert, ETCDCTL_CERT: cert, ETCDCTL_KEY: keyFile, ETCDCTL_USER: user } = environment;
  if (user !== undefined && !user.includes(':')) {
    throw new FtWasmError('FTW_USAGE', 'ETCDCTL_USER is given as NAME:PASSWORD', {});
  }
  return new EtcdArbiter({ endpoints, key, secure, credentials: { cacert, cert, key: keyFile, user } });
}

function wrong(url: string, what: string, usage: string): FtWasmError {
  return new FtWasmError('FTW_USAGE', `${JSON.stringify(url)} ${what}; ${usage}`, { url });
}
