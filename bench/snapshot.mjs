// npm run bench -- snapshot: what a capture costs a guest, and what the first steps behind a restore do.
import { createClient } from 'redis';
import { GuestHost } from '../dist/runtime/node/guest-host.js';
import { pythonModule } from '../tools/guests/large.mjs';
import { Load } from './lib/load.mjs';
import { measureResume } from './lib/resume.mjs';
import { median } from './lib/statistics.mjs';
import { KV_GUEST } from './lib/systems.mjs';
import { formatTable } from './lib/table.mjs';

export const summary =
  'pause and length of captures by size of the guest, idle and busy; resume functions of a deep stack in CPython';

export const options = {
  megabytes: { type: 'string', default: '64,256,1024', help: 'sizes of the guest, in MiB' },
  captures: { type: 'string', default: '5', help: 'captures of each size, idle and busy' },
  connections: { type: 'string', default: '10', help: 'client connections of a busy guest' },
  engines: { type: 'string', default: 'compiled,interpreter', help: 'engines' },
  frames: { type: 'string', default: '40', help: 'least depth of the stack in CPython' },
};

const LOCAL = '127.0.0.1';
const VALUE_BYTES = 1 << 20;

/** @typedef {{ pauseMs: number, changeMs: number, totalMs: number, changedPages: number, mebibytes: number }} Capture */

/** @param {Record<string, string>} values */
export async function run(values) {
  const results = [];
  for (const engine of values.engines.split(',')) {
    for (const size of values.megabytes.split(',')) results.push(await measure(engine, Number(size), values));
  }
  const rows = results.flatMap(({ engine, megabytes, idle, busy, stallUs, quietStallUs }) => [
    row(`${engine}, ${megabytes} MiB, idle`, idle, ''),
    row(`${engine}, ${megabytes} MiB, busy`, busy, `${ms(stallUs)} (${ms(quietStallUs)})`),
  ]);
  const header = [
    'guest',
    'pause',
    'longest',
    'change of code',
    'longest',
    'changed pages',
    'all of it',
    'sent',
    'longest request (without)',
  ];
  console.log(formatTable(header, rows));
  if (Number(values.frames) === 0) return { captures: results };
  const module = pythonModule();
  const resume = await measureResume(module, Number(values.frames));
  if (resume === undefined) console.log('\nCPython is not here: npm run guests');
  else console.log(`\n${resume.text}`);
  return { captures: results, resume };
}

/** @param {string} name @param {readonly Capture[]} captures @param {string} stall */
function row(name, captures, stall) {
  const of = (/** @type {keyof Capture} */ key) => captures.map((capture) => capture[key]);
  return [
    name,
    `${median(of('pauseMs')).toFixed(1)} ms`,
    `${Math.max(...of('pauseMs')).toFixed(1)} ms`,
    `${median(of('changeMs')).toFixed(1)} ms`,
    `${Math.max(...of('changeMs')).toFixed(1)} ms`,
    median(of('changedPages')).toFixed(0),
    `${median(of('totalMs')).toFixed(0)} ms`,
    `${median(of('mebibytes')).toFixed(0)} MiB`,
    stall,
  ];
}

/** @param {number} us */
function ms(us) {
  return `${(us / 1000).toFixed(1)} ms`;
}

/** One guest of a size: captured while nobody asks it anything, then under load. */
async function measure(engine, megabytes, { captures, connections }) {
  const guest = await CapturedGuest.start(engine);
  const load = new Load();
  try {
    await fill(guest.port, megabytes);
    const idle = await guest.captures(Number(captures));
    const client = { connections: Number(connections), pipeline: 1, readPercent: 50, keys: 10_000, valueBytes: 64 };
    await load.start({ ...client, port: guest.port, wait: false, reconnect: false });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const busy = [];
    await load.restart();
    busy.push(...(await guest.captures(Number(captures))));
    const withCaptures = await load.stop();
    const quiet = await load.run(
      { ...client, port: guest.port, wait: false, reconnect: false },
      { warmUpSeconds: 0.5, seconds: withCaptures.seconds },
    );
    return { engine, megabytes, idle, busy, stallUs: withCaptures.maxUs, quietStallUs: quiet.maxUs };
  } finally {
    load.close();
    await guest.close();
  }
}

/** Values whose pages differ from each other and from zero. */
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

/** A guest in this process, as a replica has it, whose state goes nowhere. */
class CapturedGuest {
  #host;
  #captures = 0;
  /** @type {{ resolve: (capture: Capture) => void, reject: (error: Error) => void, startedAt: number, bytes: number, cost?: object } | undefined} */
  #underWay;

  static async start(engine) {
    const guest = new CapturedGuest();
    const options = { module: KV_GUEST, engine, tcplisten: [`${LOCAL}:0`] };
    guest.#host = await GuestHost.open(
      options,
      { logging: true },
      {
        onBatch: () => {},
        onLive: () => {},
        onReport: (report) => guest.#underWay?.reject(new Error(JSON.stringify(report))),
        onState: (_capture, piece, last) => guest.#piece(piece, last),
        onCaptured: (_capture, _event, _counter, cost) => {
          guest.#underWay.cost = cost;
        },
        onCaptureFailed: (_capture, reason) => guest.#underWay.reject(new Error(reason)),
      },
    );
    await guest.#host.listeners.bind();
    guest.#host.gate.release(Number.POSITIVE_INFINITY);
    guest.#host.listeners.serve(0);
    guest.#host.guest.start('live');
    void guest.#host.feedStdin(undefined);
    return guest;
  }

  get port() {
    return Number(this.#host.listeners.addresses[0].split(':').at(-1));
  }

  /** @param {number} count @returns {Promise<Capture[]>} */
  async captures(count) {
    const all = [];
    for (let left = count; left > 0; left--) all.push(await this.#capture());
    return all;
  }

  close() {
    return this.#host.close();
  }

  #capture() {
    return new Promise((resolve, reject) => {
      this.#underWay = { resolve, reject, startedAt: performance.now(), bytes: 0 };
      this.#host.guest.capture(++this.#captures);
    });
  }

  #piece(piece, last) {
    const capture = this.#underWay;
    capture.bytes += piece.length;
    this.#host.guest.stateCredit(this.#captures, piece.length);
    if (!last) return;
    const { pauseMs, changeMs = 0, changedPages } = capture.cost;
    const totalMs = performance.now() - capture.startedAt;
    capture.resolve({ pauseMs, changeMs, changedPages, totalMs, mebibytes: capture.bytes / 2 ** 20 });
  }
}
