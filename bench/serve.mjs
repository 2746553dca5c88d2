/** Requests per second and latency: a guest alone, a pair, through a gateway, and Redis with WAIT 1. */
import { processorTimeUs } from './lib/cpu.mjs';
import { Load } from './lib/load.mjs';
import { median, ratioSpread, spread } from './lib/statistics.mjs';
import { SYSTEMS } from './lib/systems.mjs';
import { formatTable, milliseconds, thousands, withQuartiles } from './lib/table.mjs';

export const summary = 'throughput and latency, in interleaved rounds';

export const options = {
  systems: { type: 'string', default: 'solo,pair,redis WAIT 1', help: `of: ${Object.keys(SYSTEMS).join(', ')}` },
  rounds: { type: 'string', default: '5', help: 'rounds, each measures every system once' },
  seconds: { type: 'string', default: '3', help: 'measured time per system and round' },
  'warm-up': { type: 'string', default: '1', help: 'seconds of load before each measurement' },
  connections: { type: 'string', default: '50', help: 'client connections' },
  pipeline: { type: 'string', default: '1', help: 'requests in flight per connection' },
  reads: { type: 'string', default: '0', help: 'percentage of GET, the rest is SET' },
  bytes: { type: 'string', default: '16', help: 'value size' },
  keys: { type: 'string', default: '10000', help: 'different keys' },
};

/** What the load generator is called where the processor time of each process is told. */
const LOAD = 'load';

/** @typedef {import('./lib/systems.mjs').System} System */
/** @typedef {import('./lib/load.mjs').LoadResult & { logBytesPerRequest: number, cpuUs: Record<string, number> }} Sample */

/** @param {Record<string, string>} values */
export async function run(values) {
  const load = new Load();
  const systems = await startSystems(values.systems.split(',').map((name) => name.trim()));
  try {
    const samples = await measure(load, systems, values);
    print(systems, samples);
    return Object.fromEntries(samples);
  } finally {
    load.close();
    for (const system of systems) await system.stop();
  }
}

/** @param {readonly string[]} names @returns {Promise<System[]>} */
async function startSystems(names) {
  const systems = [];
  for (const name of names) {
    const start = SYSTEMS[/** @type {keyof typeof SYSTEMS} */ (name)];
    if (start === undefined) throw new Error(`no system '${name}'; there are ${Object.keys(SYSTEMS).join(', ')}`);
    const system = await start();
    if (system === undefined) console.log(`${name}: not installed, left out`);
    else systems.push(system);
  }
  return systems;
}

/**
 * All systems run all the time, idle while another one is measured; the rounds are interleaved, so that a disturbance of
 * the machine meets all of them.
 * @param {Load} load
 * @param {readonly System[]} systems
 * @param {Record<string, string>} values
 */
async function measure(load, systems, values) {
  const samples = new Map(systems.map((system) => [system.name, /** @type {Sample[]} */ ([])]));
  const times = { warmUpSeconds: Number(values['warm-up']), seconds: Number(values.seconds) };
  for (let round = 0; round < Number(values.rounds); round++) {
    // Every other round backwards: nobody is always measured after the same neighbour.
    for (const system of round % 2 === 0 ? systems : [...systems].reverse()) {
      const logBefore = await logBytes(system);
      const processes = [...system.processes, { name: LOAD, pid: load.pid }];
      const cpuBefore = processes.map(({ pid }) => processorTimeUs(pid));
      const result = await load.run(loadOptions(system, values), times);
      const { requestsWithWarmUp: requests } = result;
      const cpuUs = Object.fromEntries(
        processes.map(({ name, pid }, i) => [name, (processorTimeUs(pid) - cpuBefore[i]) / requests]),
      );
      const logged = (await logBytes(system)) - logBefore;
      samples.get(system.name)?.push({ ...result, logBytesPerRequest: logged / requests, cpuUs });
      if (process.stderr.isTTY) process.stderr.write(`\rround ${round + 1}: ${system.name.padEnd(20)}`);
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return samples;
}

/** @param {System} system @param {Record<string, string>} values */
function loadOptions(system, values) {
  return {
    port: system.port,
    connections: Number(values.connections),
    pipeline: Number(values.pipeline),
    readPercent: Number(values.reads),
    wait: system.wait,
    keys: Number(values.keys),
    valueBytes: Number(values.bytes),
    reconnect: false,
  };
}

/** Bytes that the primary has logged so far; NaN where nothing is logged. @param {System} system */
async function logBytes(system) {
  if (system.primary === undefined) return Number.NaN;
  const now = performance.now();
  const { logBytes: bytes } = await system.primary.event('stats', (event) => event.receivedAt > now);
  return Number(bytes);
}

/** @param {readonly System[]} systems @param {Map<string, Sample[]>} samples */
function print(systems, samples) {
  const rows = systems.map(({ name }) => row(name, samples.get(name) ?? [], samples.get(systems[0].name) ?? []));
  const header = [
    'system',
    'requests/s (least, quartiles, most)',
    'p50 in ms',
    `more than ${systems[0].name}`,
    'p99',
    'log bytes/request',
    'CPU us/request: all (each)',
    `of ${systems[0].name}`,
  ];
  console.log(formatTable(header, rows));
}

/** @param {string} name @param {readonly Sample[]} own @param {readonly Sample[]} base */
function row(name, own, base) {
  const perSecond = own.map((sample) => sample.perSecond);
  const p50s = own.map((sample) => sample.p50Us);
  const bytes = median(own.map((sample) => sample.logBytesPerRequest));
  return [
    name,
    withQuartiles(spread(perSecond), thousands),
    withQuartiles(spread(p50s), (us) => (us / 1000).toFixed(2)),
    withQuartiles(spread(p50s.map((us, i) => us - base[i].p50Us)), (us) => (us / 1000).toFixed(2)),
    milliseconds(median(own.map((sample) => sample.p99Us))),
    Number.isNaN(bytes) ? '-' : bytes.toFixed(1),
    processorTime(own.map(({ cpuUs }) => cpuUs)),
    withQuartiles(
      ratioSpread(
        perSecond,
        base.map((sample) => sample.perSecond),
      ),
    ),
  ];
}

/** The load generator's share is told, but is not the system's. @param {readonly Record<string, number>[]} samples */
function processorTime(samples) {
  const names = Object.keys(samples[0] ?? {});
  const each = names.map((name) => `${name} ${median(samples.map((cpuUs) => cpuUs[name])).toFixed(1)}`);
  const totals = samples.map((cpuUs) => names.reduce((sum, name) => sum + (name === LOAD ? 0 : cpuUs[name]), 0));
  const all = median(totals);
  return Number.isNaN(all) ? '-' : `${all.toFixed(1)} (${each.join(', ')})`;
}
