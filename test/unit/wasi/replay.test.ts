/** Random sequences of calls over random worlds: a replay, and a go-live at any event, end in the same state. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MemoryServices, memoryServices } from '../../../src/host/memory.js';
import { decodeBatch, encodeBatch } from '../../../src/log/codec.js';
import { FDFLAGS } from '../../../src/wasi/abi.js';
import type { WasiConfig } from '../../../src/wasi/config.js';
import { exportState } from '../../../src/wasi/snapshot.js';
import { Harness } from './harness.js';

const SEED = 7;
const BUFFER = 4096;
const OUT = 2048;

const CONFIG: WasiConfig = {
  args: ['guest'],
  listeners: 1,
  preopens: [{ guest: '/', mode: 'private', entries: [{ path: 'a', kind: 'file', bytes: Uint8Array.of(1, 2, 3) }] }],
};

/** What the outside world does before a call; nothing of it may matter to a replay. */
type Happening =
  | { kind: 'connect' }
  | { kind: 'push' | 'end' | 'reset'; stream: number }
  | { kind: 'time'; ns: number };

interface Step {
  readonly happening: Happening;
  readonly call: number;
  readonly fd: number;
  readonly amount: number;
}

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  fc.constant({ kind: 'connect' } as const),
  fc.record({ kind: fc.constantFrom('push', 'push', 'end', 'reset'), stream: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('time' as const), ns: fc.nat(1_000_000) }),
) as fc.Arbitrary<Happening>;

const steps = fc.array(
  fc.record({ happening: happenings, call: fc.nat(13), fd: fc.integer({ min: 0, max: 8 }), amount: fc.nat(40) }),
  { maxLength: 60 },
);

function happen(h: Harness, happening: Happening): void {
  const { network, clock } = h.fakes;
  if (happening.kind === 'connect') network.connect(0, 30);
  else if (happening.kind === 'time') clock.advance(BigInt(happening.ns));
  else if (happening.kind === 'push') network.push(happening.stream, `bytes for ${happening.stream}`);
  else if (happening.kind === 'end') network.end(happening.stream);
  else network.reset(happening.stream);
}

function makeCall(h: Harness, { call, fd, amount }: Step): number {
  const { view } = h;
  view.setUint32(OUT, BUFFER, true);
  view.setUint32(OUT + 4, amount, true);
  switch (call) {
    case 0:
      return h.call('clock_time_get', amount % 4, 0n, BUFFER);
    case 1:
      return h.call('random_get', BUFFER, amount);
    case 2:
      return h.call('sock_accept', fd, FDFLAGS.NONBLOCK, BUFFER);
    case 3:
      return h.call('sock_recv', fd, OUT, 1, amount % 2, BUFFER + 100, BUFFER + 104);
    case 4:
      return h.call('sock_send', fd, OUT, 1, 0, BUFFER + 100);
    case 5:
      return h.call('fd_write', fd, OUT, 1, BUFFER + 100);
    case 6:
      return h.call('fd_close', fd);
    case 7:
      return h.call('sock_shutdown', fd, amount % 4);
    case 8:
      h.bytes.set(
        [...`f${amount % 3}`].map((char) => char.charCodeAt(0)),
        BUFFER,
      );
      return h.call('path_open', fd, 0, BUFFER, 2, 1, -1n, -1n, amount % 2, BUFFER + 100);
    case 9:
      return h.call('fd_renumber', fd, amount % 9);
    case 10:
      return pollBoth(h, fd);
    case 11:
      return h.call('fd_readdir', fd, BUFFER, 200, BigInt(amount % 5), BUFFER + 300);
    case 12:
      return h.call('fd_filestat_get', fd, BUFFER);
    default:
      return h.call('fd_read', fd === 0 ? 1 : fd, OUT, 1, BUFFER + 100);
  }
}

/** A descriptor and a timeout of zero: never blocks. */
function pollBoth(h: Harness, fd: number): number {
  h.bytes.fill(0, BUFFER, BUFFER + 96);
  h.view.setUint8(BUFFER + 8, 1);
  h.view.setUint32(BUFFER + 16, fd, true);
  h.view.setUint32(BUFFER + 48 + 16, 1, true);
  return h.call('poll_oneoff', BUFFER, BUFFER + 512, 2, BUFFER + 700);
}

/** Whoever waits gets something: time passes, a client comes, input ends. */
function services(seed = 1): MemoryServices {
  const made = memoryServices(1, seed);
  made.waiter.wait = () => {
    made.clock.advance(1_000n);
    made.network.connect(0, 30);
    made.stdin.closed = true;
  };
  return made;
}

/** Everything that must be equal on all replicas. */
function outcome(h: Harness, errnos: readonly number[]): unknown {
  return { errnos, digest: h.session.digest.hex(), memory: hashOf(h.bytes), state: exportState(h.wasi.state) };
}

function hashOf(bytes: Uint8Array): number {
  return bytes.reduce((hash, byte) => (Math.imul(hash, 31) + byte) | 0, 7);
}

function run(h: Harness, script: readonly Step[], live: boolean): unknown {
  const errnos = script.map((step) => {
    if (live) happen(h, step.happening);
    return makeCall(h, step);
  });
  return outcome(h, errnos);
}

describe('any sequence of calls', () => {
  it('replays to the same memory, state, errnos, digest and outputs', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const primary = new Harness({ config: CONFIG, services: services() });
        const expected = run(primary, script, true);
        const { entries: log } = decodeBatch(encodeBatch(1, 0, primary.entries));
        const backup = new Harness({ config: CONFIG, log, services: services(99) });
        expect(run(backup, script, false)).toEqual(expected);
        expect(backup.fakes.output.records).toEqual(primary.fakes.output.records);
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  it('can go live at any event, and a third replica can follow both logs', () => {
    fc.assert(
      fc.property(steps, fc.nat(30), (script, kept) => {
        const primary = new Harness({ config: CONFIG, services: services() });
        run(primary, script, true);
        const log = primary.entries.slice(0, kept);
        const second = new Harness({ config: CONFIG, log, services: services(99) });
        const expected = run(second, script, false);
        const third = new Harness({ config: CONFIG, log: [...log, ...second.entries], services: services(5) });
        expect(run(third, script, false)).toEqual(expected);
        expect(third.fakes.output.records).toEqual(second.fakes.output.records);
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});
