/** How redundancy comes back: a standby joins a busy primary again and again, each time after the backup was killed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { Load } from './lib/load.mjs';
import { FtWasm } from './lib/processes.mjs';
import { quantile } from './lib/statistics.mjs';
import { KV_GUEST } from './lib/systems.mjs';
import { formatTable } from './lib/table.mjs';

export const summary = 'time from the loss of a backup to redundancy, and what clients notice of it';

export const options = {
  joins: { type: 'string', default: '10', help: 'backups to lose' },
  megabytes: { type: 'string', default: '64,256', help: 'sizes of the guest, in MiB' },
  connections: { type: 'string', default: '10', help: 'client connections' },
  'failure-timeout': {
    type: 'string',
    default: '200ms',
    help: 'as of serve; raise it where other work delays heartbeats',
  },
  quiet: { type: 'string', default: '1', help: 'seconds of load without a join, to compare stalls with' },
};

const LOCAL = '127.0.0.1';
const VALUE_BYTES = 1 << 20;

/** @typedef {{ redundantMs: number, transferMs: number, pauseMs: number, changeMs: number, stallMs: number, quietStallMs: number, bytes: number }} Join */

/** @param {Record<string, string>} values */
export async function run(values) {
  const results = [];
  for (const size of values.megabytes.split(',')) {
    const joins = await measure(Number(size), values);
    print(Number(size), joins);
    results.push({ megabytes: Number(size), joins });
  }
  return results;
}

/** @param {number} megabytes @param {Record<string, string>} values */
async function measure(megabytes, values) {
  const directory = await mkdtemp(path.join(tmpdir(), 'ft-wasm-bench-'));
  const load = new Load();
  /** @type {FtWasm[]} */
  const replicas = [];
  const start = (/** @type {string} */ id, /** @type {string} */ role) => {
    const where = ['--log-listen', `${LOCAL}:0`, '--tcplisten', `${LOCAL}:0`, '--arbiter', `file:${directory}/record`];
    const timing = ['--failure-timeout', values['failure-timeout']];
    const replica = new FtWasm(id, ['serve', '--role', role, '--id', id, ...where, ...timing, KV_GUEST]);
    replicas.push(replica);
    return replica;
  };
  try {
    const primary = start('primary', 'primary');
    const port = await primary.port('client');
    await fill(port, megabytes);
    let backup = start('backup-0', 'standby');
    await primary.event('backup-joined', ({ id }) => id === 'backup-0');
    const connections = Number(values.connections);
    /** @type {Join[]} */
    const joins = [];
    for (let round = 1; round <= Number(values.joins); round++) {
      const next = start(`backup-${round}`, 'standby');
      await next.event('standby');
      joins.push(await joinOnce({ load, port, primary, backup, connections, id: `backup-${round}`, values }));
      backup = next;
      if (process.stderr.isTTY) process.stderr.write(`\r${round} of ${values.joins} joined`);
    }
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    return joins;
  } finally {
    load.close();
    await Promise.all(replicas.map((replica) => replica.kill()));
    await rm(directory, { recursive: true });
  }
}

/** @returns {Promise<Join>} */
async function joinOnce({ load, port, primary, backup, connections, id, values }) {
  const shape = { port, connections, pipeline: 1, readPercent: 50, wait: false, keys: 10_000, valueBytes: 16 };
  await load.start({ ...shape, reconnect: false });
  await sleep(Number(values.quiet) * 1000);
  const quiet = await load.stop();
  await load.start({ ...shape, reconnect: false });
  const killedAt = performance.now();
  backup.process.kill('SIGKILL');
  const joined = await primary.event('backup-joined', (/** @type {any} */ event) => event.id === id);
  const { maxUs } = await load.stop();
  const done = await primary.event('transfer-done', (/** @type {any} */ event) => event.id === id);
  const captured = await primary.event('transfer-captured', (/** @type {any} */ event) => event.id === id);
  return {
    redundantMs: joined.receivedAt - killedAt,
    transferMs: Number(done.ms),
    pauseMs: Number(captured.pauseMs),
    changeMs: Number(captured.changeMs),
    stallMs: maxUs / 1000,
    quietStallMs: quiet.maxUs / 1000,
    bytes: Number(done.bytes),
  };
}

/** @param {number} port @param {number} megabytes */
async function fill(port, megabytes) {
  const client = createClient({ url: `redis://${LOCAL}:${port}` });
  await client.connect();
  const bytes = Buffer.alloc(VALUE_BYTES);
  for (let index = 0; index < megabytes; index++) {
    for (let at = 0; at < VALUE_BYTES; at += 4) bytes.writeUInt32LE((index * VALUE_BYTES + at) >>> 0, at);
    await client.set(`big:${index}`, bytes.toString('latin1'));
  }
  await client.close();
}

/** @param {number} megabytes @param {readonly Join[]} joins */
function print(megabytes, joins) {
  const row = (/** @type {string} */ name, /** @type {(join: Join) => number} */ value) => {
    const samples = joins.map(value);
    return [name, ...[0.5, 0.99, 1].map((q) => `${quantile(samples, q).toFixed(1)} ms`)];
  };
  const rows = [
    row('loss of the backup to redundancy', (join) => join.redundantMs),
    row('transfer', (join) => join.transferMs),
    row('pause of the guest', (join) => join.pauseMs),
    row('pause before, to change its code', (join) => join.changeMs),
    row('longest client stall, loss included', (join) => join.stallMs),
    row('longest client stall without a join', (join) => join.quietStallMs),
  ];
  console.log(formatTable([`${megabytes} MiB, ${joins.length} joins`, 'median', 'p99', 'max'], rows));
  console.log(`${(joins[0].bytes / 2 ** 20).toFixed(0)} MiB were sent for each\n`);
}
