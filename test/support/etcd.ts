/** An etcd to test against: the real one where it is installed, and the little of its JSON gateway that we use, made here. */
import { execFileSync, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './modules.js';

export function hasEtcd(): boolean {
  try {
    execFileSync('etcd', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Starts etcd on two free ports; answers `HOST:PORT` of its clients once it serves. */
export async function startEtcd(): Promise<{ endpoint: string; kill: (signal: NodeJS.Signals) => void }> {
  const [client, peer] = [await freePort(), await freePort()];
  const [clients, peers] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  const flags = ['--listen-client-urls', clients, '--advertise-client-urls', clients, '--listen-peer-urls', peers];
  const cluster = ['--initial-advertise-peer-urls', peers, '--initial-cluster', `default=${peers}`];
  const child = spawn('etcd', ['--data-dir', temporaryFolder(), ...flags, ...cluster], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`etcd ended with ${code}`)));
    child.stdout.resume();
    child.stderr.on('data', (text: Buffer) => {
      if (text.includes('ready to serve client requests')) resolve();
    });
  });
  return { endpoint: `127.0.0.1:${client}`, kill: (signal) => child.kill(signal) };
}

interface Stored {
  value: string;
  version: number;
}

type Body = {
  key?: string;
  compare?: { key: string; version: string }[];
  success?: { request_put: { key: string; value: string } }[];
};

/** What happens to the next requests that write: 'lost' ones are carried out, and their connections cut. */
export type EtcdFault = 'none' | 'lost' | 'no-leader';

/** Ranges and transactions of one key, as etcd's gateway answers them. Several endpoints can share one store. */
export class FakeEtcd {
  readonly #keys = new Map<string, Stored>();

  async endpoint(fault: () => EtcdFault = () => 'none'): Promise<string> {
    return listen(createServer((request, response) => void this.#serve(request, response, fault)));
  }

  async #serve(request: IncomingMessage, response: ServerResponse, fault: () => EtcdFault): Promise<void> {
    let text = '';
    for await (const piece of request) text += piece;
    const body = JSON.parse(text) as Body;
    if (fault() === 'no-leader') {
      response.statusCode = 503;
      return void response.end(JSON.stringify({ error: 'etcdserver: no leader', code: 14 }));
    }
    const answer = request.url === '/v3/kv/txn' ? this.#transact(body) : this.#range(body.key as string);
    if (fault() === 'lost') return void request.socket.destroy();
    response.end(JSON.stringify({ header: { revision: '1' }, ...answer }));
  }

  #range(key: string): object {
    const found = this.#keys.get(key);
    return found === undefined
      ? {}
      : { kvs: [{ key, value: found.value, version: String(found.version) }], count: '1' };
  }

  #transact({ compare, success }: Body): object {
    const { key, version } = compare![0]!;
    const current = this.#keys.get(key)?.version ?? 0;
    if (String(current) !== version) return { responses: [{ response_range: { header: {}, ...this.#range(key) } }] };
    this.#keys.set(key, { value: success![0]!.request_put.value, version: current + 1 });
    return { succeeded: true, responses: [{ response_put: { header: {} } }] };
  }
}

/** Starts a server that the test ends; answers `HOST:PORT`. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
