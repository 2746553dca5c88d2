/** What the gateway costs, and what its clients feel of kills and planned switches. */
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as failover from './failover.mjs';
import { Load } from './lib/load.mjs';
import { startPair } from './lib/systems.mjs';
import { formatTable, STALL_COLUMNS, stallRow } from './lib/table.mjs';
import * as serve from './serve.mjs';

export const summary = 'cost of the gateway; stalls at kills and switches; thousands of idle connections';

export const options = {
  rounds: { type: 'string', default: '5', help: 'rounds of throughput and latency; 0 leaves them out' },
  seconds: { type: 'string', default: '1.5', help: 'measured time per system and round' },
  'warm-up': { type: 'string', default: '0.5', help: 'seconds of load before each measurement' },
  connections: { type: 'string', default: '50', help: 'client connections for throughput' },
  failovers: { type: 'string', default: '15', help: 'kills, and as many switches; 0 leaves them out' },
  clients: { type: 'string', default: '8', help: 'busy connections while failovers are measured' },
  idle: { type: 'string', default: '5000', help: 'idle connections that live through one kill; 0 leaves them out' },
};

/** A pair, and without a backup: by itself, behind the gateway, and behind the least that could stand there. The base comes first. */
const PAIRS = 'pair,gateway + pair,gateway inside + pair,bare proxy + pair';
const ALONE = 'alone,gateway + solo,bare proxy + solo';
const SETTLE_MS = 500;
const SPOILED_MAX = 10;
const OVERLOADED = 'the machine is too busy for the failure timeout';
const PING = '*1\r\n$4\r\nPING\r\n';

/** @param {Record<string, string>} values */
export async function run(values) {
  const results = {};
  if (Number(values.rounds) > 0) {
    console.log(`throughput, ${values.connections} connections`);
    results.throughput = await measureServing(values, values.connections);
    console.log('latency, 1 connection');
    results.latency = await measureServing(values, '1');
  }
  if (Number(values.failovers) > 0) {
    console.log(`kills, ${values.clients} busy connections`);
    results.kills = await failover.run({ ...defaults(failover), kills: values.failovers, connections: values.clients });
    console.log(`\nswitches, ${values.clients} busy connections`);
    results.switches = await measureSwitches(values);
  }
  if (Number(values.idle) > 0) results.idle = await measureIdle(Number(values.idle));
  return results;
}

/** @param {Record<string, string>} values @param {string} connections */
async function measureServing({ rounds, seconds, 'warm-up': warmUp }, connections) {
  const results = {};
  for (const systems of [PAIRS, ALONE]) {
    const shape = { systems, rounds, seconds, 'warm-up': warmUp, connections };
    Object.assign(results, await serve.run({ ...defaults(serve), ...shape }));
    console.log();
  }
  return results;
}

/** @param {{ options: Record<string, { default: string }> }} bench @returns {Record<string, string>} */
function defaults(bench) {
  return Object.fromEntries(Object.entries(bench.options).map(([name, option]) => [name, option.default]));
}

/** @param {Record<string, string>} values */
async function measureSwitches(values) {
  const load = new Load();
  const switches = [];
  let spoiled = 0;
  try {
    while (switches.length < Number(values.failovers)) {
      const one = await switchOnce(load, Number(values.clients));
      if (one !== undefined) switches.push(one);
      else if (++spoiled > SPOILED_MAX) throw new Error(`${spoiled} pairs separated under load alone: ${OVERLOADED}`);
    }
  } finally {
    load.close();
  }
  if (spoiled > 0) console.log(`${spoiled} more pairs separated before the switch and do not count: ${OVERLOADED}`);
  const goLive = switches.map(({ goLiveMs }) => goLiveMs);
  const stalls = switches.map(({ stallMs }) => stallMs);
  const rows = [stallRow('request to go-live', goLive), stallRow('longest client stall', stalls)];
  console.log(formatTable([`${switches.length} switches`, ...STALL_COLUMNS], rows));
  return switches;
}

/** Undefined if primary and backup lost each other before. @param {Load} load @param {number} connections */
async function switchOnce(load, connections) {
  const { requestStatus, requestSwitch } = await import('../dist/index.js');
  const pair = await startPair('pair', true);
  try {
    const shape = { pipeline: 1, readPercent: 0, wait: false, keys: 10_000, valueBytes: 16, reconnect: true };
    await load.start({ port: pair.port, connections, ...shape });
    await sleep(1000);
    if (separated(pair.primary) || separated(pair.backup)) {
      await load.stop();
      return undefined;
    }
    const address = `127.0.0.1:${await pair.primary.port('log')}`;
    // What asking for the first time costs this process is no part of the stall.
    await requestStatus(address);
    await load.restart();
    const live = pair.backup.event('go-live');
    const askedAt = performance.now();
    await requestSwitch(address);
    const { receivedAt } = await live;
    await sleep(SETTLE_MS);
    const { maxUs, reconnects } = await load.stop();
    return { goLiveMs: receivedAt - askedAt, stallMs: maxUs / 1000, reconnects };
  } finally {
    await pair.stop();
  }
}

/** @param {import('./lib/processes.mjs').FtWasm} replica */
function separated(replica) {
  return replica.events.some(({ event }) => event === 'backup-lost' || event === 'primary-lost');
}

/** Connections that have all spoken once, then a kill: until the gateway is attached again, and until all were answered. */
async function measureIdle(/** @type {number} */ count) {
  const pair = await startPair('pair', true);
  const sockets = /** @type {net.Socket[]} */ ([]);
  try {
    while (sockets.length < count) {
      const group = Array.from({ length: Math.min(250, count - sockets.length) }, () => open(pair.port));
      sockets.push(...(await Promise.all(group)));
    }
    const broken = { count: 0 };
    for (const socket of sockets) socket.once('close', () => broken.count++);
    const live = pair.backup.event('go-live');
    const killedAt = performance.now();
    pair.primary.process.kill('SIGKILL');
    await Promise.all(sockets.map(ping));
    const answeredMs = performance.now() - killedAt;
    const goLiveMs = (await live).receivedAt - killedAt;
    const times = `go-live after ${goLiveMs.toFixed(0)} ms, all answered after ${answeredMs.toFixed(0)} ms`;
    console.log(`\n${count} idle connections, one kill: ${times}, ${broken.count} broken`);
    return { count, goLiveMs, answeredMs, broken: broken.count };
  } finally {
    for (const socket of sockets) socket.removeAllListeners('close').destroy();
    await pair.stop();
  }
}

/** @param {number} port @returns {Promise<net.Socket>} */
async function open(port) {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  await ping(socket);
  return socket;
}

/** @param {net.Socket} socket @returns {Promise<void>} */
function ping(socket) {
  return new Promise((resolve) => {
    socket.once('data', () => resolve());
    socket.write(PING);
  });
}
