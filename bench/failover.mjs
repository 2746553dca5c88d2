/** How long a failure is felt: the primary is killed under load again and again, each time in a fresh pair. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Load } from './lib/load.mjs';
import { startPair } from './lib/systems.mjs';
import { formatTable, STALL_COLUMNS, stallRow } from './lib/table.mjs';

export const summary = 'time from SIGKILL to go-live, and the longest stall that a client sees';

export const options = {
  kills: { type: 'string', default: '30', help: 'primaries to kill' },
  seconds: { type: 'string', default: '1', help: 'load before each kill' },
  connections: { type: 'string', default: '50', help: 'client connections' },
  gateway: { type: 'string', default: 'yes', help: 'yes: connections survive; no: clients reconnect and ask again' },
};

const SETTLE_MS = 500;
const SPOILED_MAX = 10;
const OVERLOADED = 'the machine is too busy for the failure timeout';

/** @typedef {{ goLiveMs: number, stallMs: number, requests: number, errors: number, reconnects: number }} Kill */

/** @param {Record<string, string>} values */
export async function run(values) {
  const load = new Load();
  /** @type {Kill[]} */
  const kills = [];
  let spoiled = 0;
  try {
    while (kills.length < Number(values.kills)) {
      const kill = await killOnce(load, values);
      if (kill !== undefined) kills.push(kill);
      else if (++spoiled > SPOILED_MAX) throw new Error(`${spoiled} pairs separated under load alone: ${OVERLOADED}`);
      if (process.stderr.isTTY) process.stderr.write(`\r${kills.length} of ${values.kills} killed`);
    }
  } finally {
    load.close();
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  print(kills);
  if (spoiled > 0) console.log(`${spoiled} more pairs separated before the kill and do not count: ${OVERLOADED}`);
  return kills;
}

/**
 * Undefined if primary and backup lost each other before the kill.
 * @param {Load} load
 * @param {Record<string, string>} values
 * @returns {Promise<Kill | undefined>}
 */
async function killOnce(load, values) {
  const pair = await startPair('pair', values.gateway !== 'no');
  try {
    await load.start(loadOptions(pair.port, Number(values.connections)));
    await sleep(Number(values.seconds) * 1000);
    if (pair.primary.events.some(({ event }) => event === 'backup-lost')) {
      await load.stop();
      return undefined;
    }
    // What a cold start costs is no part of the stall.
    await load.restart();
    const live = pair.backup.event('go-live');
    const killedAt = performance.now();
    pair.primary.process.kill('SIGKILL');
    const { receivedAt } = await live;
    await sleep(SETTLE_MS);
    const { maxUs, requests, errors, reconnects } = await load.stop();
    return { goLiveMs: receivedAt - killedAt, stallMs: maxUs / 1000, requests, errors, reconnects };
  } finally {
    await pair.stop();
  }
}

/** @param {number} port @param {number} connections */
function loadOptions(port, connections) {
  return { port, connections, pipeline: 1, readPercent: 0, wait: false, keys: 10_000, valueBytes: 16, reconnect: true };
}

/** @param {readonly Kill[]} kills */
function print(kills) {
  const goLive = kills.map(({ goLiveMs }) => goLiveMs);
  const stalls = kills.map(({ stallMs }) => stallMs);
  const rows = [stallRow('SIGKILL to go-live', goLive), stallRow('longest client stall', stalls)];
  console.log(formatTable([`${kills.length} kills`, ...STALL_COLUMNS], rows));
  const total = (/** @type {(kill: Kill) => number} */ value) => kills.map(value).reduce((a, b) => a + b, 0);
  const counts = `${total((kill) => kill.requests)} requests, ${total((kill) => kill.errors)} error replies`;
  console.log(`\n${counts}, ${total((kill) => kill.reconnects)} reconnects`);
}
