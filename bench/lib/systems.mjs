/** The systems that benchmarks compare, each started on free ports of this machine. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from 'redis';
import { FtWasm, freePort, isInstalled, startServer } from './processes.mjs';

export const KV_GUEST = fileURLToPath(new URL('../../guests/kv/build/kv.wasm', import.meta.url));
const BARE_PROXY = fileURLToPath(new URL('./bare-proxy.mjs', import.meta.url));
const LOCAL = '127.0.0.1';
const STATS = '100ms';

/**
 * @typedef {object} System
 * @property {string} name
 * @property {number} port where clients connect
 * @property {boolean} wait whether a write needs WAIT 1 to be on two machines
 * @property {FtWasm} [primary] logs the log bytes
 * @property {FtWasm} [backup]
 * @property {readonly { name: string, pid: number }[]} processes
 * @property {() => Promise<void>} stop
 */

/** How to start each system; undefined if it is not installed here. */
export const SYSTEMS = {
  solo: startSolo,
  alone: startAlone,
  pair: () => startPair('pair', false),
  'gateway + solo': startGatewaySolo,
  'gateway + pair': () => startPair('gateway + pair', true),
  'gateway inside + pair': startGatewayInside,
  'bare proxy + solo': () => behindProxy('bare proxy + solo', startAlone),
  'bare proxy + pair': () => behindProxy('bare proxy + pair', () => startPair('pair', false)),
  redis: () => startRedis(false),
  'redis WAIT 1': () => startRedis(true),
};

/** @typedef {keyof typeof SYSTEMS} SystemName */

/** @returns {Promise<System>} */
async function startSolo() {
  const process = new FtWasm('solo', [
    'serve',
    '--solo',
    '--tcplisten',
    `${LOCAL}:0`,
    '--stats-every',
    STATS,
    KV_GUEST,
  ]);
  return {
    name: 'solo',
    port: await process.port('client'),
    wait: false,
    processes: [named(process)],
    stop: () => process.stop(),
  };
}

/**
 * @param {{ id: string, arbiter: string, clientPort: number }} replica
 * @param {readonly string[]} role
 */
function startReplica({ id, arbiter, clientPort }, role) {
  const addresses = ['--log-listen', `${LOCAL}:0`, '--tcplisten', `${LOCAL}:${clientPort}`];
  return new FtWasm(id, [
    'serve',
    ...role,
    '--id',
    id,
    '--arbiter',
    arbiter,
    ...addresses,
    '--stats-every',
    STATS,
    KV_GUEST,
  ]);
}

/** A replica alone, but with what replication needs switched on: the base that a gateway is compared on. */
async function startAlone() {
  const directory = await mkdtemp(path.join(tmpdir(), 'ft-wasm-bench-'));
  const arbiter = `file:${directory}/record`;
  const role = ['--role', 'primary', '--min-backups', '0'];
  const primary = startReplica({ id: 'primary', arbiter, clientPort: 0 }, role);
  const stop = async () => {
    await primary.stop();
    await rm(directory, { recursive: true });
  };
  const port = await primary.port('client');
  return { name: 'alone', port, wait: false, primary, processes: [named(primary)], stop };
}

async function startGatewaySolo() {
  const replica = await startAlone();
  const gateway = await startGateway([await replica.primary.port('log')]);
  const stop = async () => {
    await gateway.stop();
    await replica.stop();
  };
  const processes = [...replica.processes, named(gateway)];
  return { name: 'gateway + solo', port: await gateway.port('gateway'), wait: false, processes, stop };
}

/** @param {string} name @param {() => Promise<System>} start @returns {Promise<System>} */
async function behindProxy(name, start) {
  const system = await start();
  const port = await freePort();
  const proxy = await startServer('proxy', process.execPath, [BARE_PROXY, `${port}`, `${system.port}`], port);
  const stop = async () => {
    await proxy.stop();
    await system.stop();
  };
  return { ...system, name, port, processes: [...system.processes, named(proxy)], stop };
}

/** @param {{ name: string, pid: number }} child */
function named({ name, pid }) {
  return { name, pid };
}

/** @param {readonly number[]} logPorts */
async function startGateway(logPorts) {
  const replicas = logPorts.map((port) => `${LOCAL}:${port}`).join(',');
  const gateway = new FtWasm('gateway', ['gateway', '--listen', `${LOCAL}:0`, '--replicas', replicas]);
  await gateway.event('gateway-attached');
  return gateway;
}

/**
 * A primary and a backup as two processes; clients connect to the primary, or to a gateway in a third process.
 * @param {string} name
 * @param {boolean} withGateway
 * @returns {Promise<System & { primary: FtWasm, backup: FtWasm }>}
 */
export async function startPair(name, withGateway) {
  const directory = await mkdtemp(path.join(tmpdir(), 'ft-wasm-bench-'));
  const arbiter = `file:${directory}/record`;
  // Without a gateway clients look for the survivor where the primary was: both are given the same address.
  const clientPort = withGateway ? 0 : await freePort();
  const primary = startReplica({ id: 'primary', arbiter, clientPort }, ['--role', 'primary']);
  const logPort = await primary.port('log');
  const follow = ['--role', 'backup', '--primary', `${LOCAL}:${logPort}`];
  const backup = startReplica({ id: 'backup', arbiter, clientPort }, follow);
  await primary.event('backup-joined');
  const gateway = withGateway ? await startGateway([logPort, await backup.port('log')]) : undefined;
  const stop = async () => {
    await Promise.all([primary.stop(), backup.stop(), gateway?.stop()]);
    await rm(directory, { recursive: true });
  };
  const port = gateway === undefined ? await primary.port('client') : await gateway.port('gateway');
  const processes = [primary, backup, ...(gateway === undefined ? [] : [gateway])].map(named);
  return { name, port, wait: false, primary, backup, processes, stop };
}

/** A pair whose primary runs the gateway in its own process: no hop between two processes, and no connection outlives it. */
async function startGatewayInside() {
  const name = 'gateway inside + pair';
  const directory = await mkdtemp(path.join(tmpdir(), 'ft-wasm-bench-'));
  const arbiter = `file:${directory}/record`;
  const first = ['--role', 'primary', '--gateway', `${LOCAL}:0`];
  const primary = startReplica({ id: 'primary', arbiter, clientPort: 0 }, first);
  const follow = ['--role', 'backup', '--primary', `${LOCAL}:${await primary.port('log')}`];
  const backup = startReplica({ id: 'backup', arbiter, clientPort: 0 }, follow);
  await primary.event('backup-joined');
  const stop = async () => {
    await Promise.all([primary.stop(), backup.stop()]);
    await rm(directory, { recursive: true });
  };
  const processes = [primary, backup].map(named);
  return { name, port: await primary.port('gateway'), wait: false, primary, backup, processes, stop };
}

/**
 * Redis without persistence; with one replica when writes are to wait for it.
 * @param {boolean} replicated
 * @returns {Promise<System | undefined>}
 */
async function startRedis(replicated) {
  if (!isInstalled('redis-server')) return undefined;
  const port = await freePort();
  const plain = ['--save', '', '--appendonly', 'no', '--bind', LOCAL, '--daemonize', 'no'];
  const servers = [await startServer('redis', 'redis-server', ['--port', `${port}`, ...plain], port)];
  if (replicated) {
    const replicaPort = await freePort();
    const follow = ['--port', `${replicaPort}`, '--replicaof', LOCAL, `${port}`];
    servers.push(await startServer('redis replica', 'redis-server', [...follow, ...plain], replicaPort));
    await replicaInSync(port);
  }
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  const processes = servers.map(named);
  return { name: replicated ? 'redis WAIT 1' : 'redis', port, wait: replicated, processes, stop };
}

/** @param {number} port */
async function replicaInSync(port) {
  const client = createClient({ url: `redis://${LOCAL}:${port}` });
  await client.connect();
  while (!(await client.info('replication')).includes('state=online')) await sleep(50);
  await client.close();
}
