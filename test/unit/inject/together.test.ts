/** Ranges of bodies that are rewritten apart: the result is, byte for byte, that of one thread. */
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_INJECT_OPTIONS,
  type DoneRange,
  type InjectOptions,
  inject,
  injectTogether,
  type RewriteHelp,
  type RewriteJob,
  type ScanJob,
  takeRanges,
  takeScans,
} from '../../../src/inject/index.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import type { Module } from '../../../src/wasm/module.js';
import { kernels, readGuest } from '../../support/guests.js';
import { assemble } from '../../support/wat.js';

const RANGE_BYTES = 2000;
const ALL = DEFAULT_INJECT_OPTIONS;

/** What another thread gets: only what can be cloned. */
const sent = <Job extends RewriteJob | ScanJob>(job: Job): Job => structuredClone(job);

/** Takes `count` ranges and leaves them undone, as a thread that died. */
function claim({ progress }: { progress: Int32Array }, count: number): void {
  Atomics.add(progress, 0, count);
}

/** Another thread that takes `count` ranges at the beginning, and leaves one more undone. */
function takeFirst(job: RewriteJob, count: number): DoneRange[] {
  const theirs = sent(job);
  const starts = theirs.starts.slice(0, Math.min(count + 1, theirs.starts.length));
  return takeRanges({ ...theirs, starts });
}

/** Another thread that scans `count` ranges at the beginning, and leaves one more undone. */
function scanFirst(job: ScanJob, count: number): ReturnType<typeof takeScans> {
  const theirs = sent(job);
  return takeScans({ ...theirs, starts: theirs.starts.slice(0, Math.min(count + 1, theirs.starts.length)) });
}

const nobody = async () => [];
const lost = () => Promise.reject(new Error('no thread'));
/** Help with rewriting alone. */
const rewriting = (rewrite: RewriteHelp['rewrite']): RewriteHelp => ({ scan: nobody, rewrite });

const HELP: Record<string, RewriteHelp> = {
  'nobody helps': rewriting(nobody),
  'somebody else does everything': {
    scan: async (job) => takeScans(sent(job)),
    rewrite: async (job) => takeRanges(sent(job)),
  },
  'somebody else does the first ranges': {
    scan: async (job) => scanFirst(job, 5),
    rewrite: async (job) => takeFirst(job, 3),
  },
  'help fails at once': { scan: lost, rewrite: lost },
  'help is lost with some ranges': {
    scan: async (job) => {
      claim(job, 3);
      scanFirst(job, 1);
      return [];
    },
    rewrite: async (job) => {
      claim(job, 2);
      takeFirst(job, 1);
      return [];
    },
  },
};

async function expectSame(module: Module, options: InjectOptions, help: RewriteHelp): Promise<void> {
  const alone = inject(module, options);
  const together = await injectTogether(module, options, help, RANGE_BYTES);
  expect(Buffer.compare(alone.bytes, together.bytes)).toBe(0);
  expect(together.exportPrefix).toBe(alone.exportPrefix);
  expect(together.frames?.calls).toEqual(alone.frames?.calls);
}

describe('injectTogether', () => {
  const lua = decodeModule(readGuest('guests/lua/lua.wasm'));
  const sqlite = decodeModule(readGuest('guests/sqlite/sqlite.wasm'));

  it.each(Object.entries(HELP))('makes what one thread makes: %s', async (_name, help) => {
    await expectSame(lua, ALL, help);
  });

  it.each<[string, InjectOptions]>([
    ['without capture', { ...ALL, capture: false }],
    ['without pre-emption', { ...ALL, preemption: false }],
    ['without depth', { ...ALL, depth: false }],
    ['without NaNs', { ...ALL, canonicalNans: false }],
    ['eagerly', { ...ALL, eager: true }],
  ])('makes what one thread makes %s', async (_name, options) => {
    await expectSame(
      sqlite,
      options,
      rewriting(async (job) => takeFirst(job, 20)),
    );
  });

  it.each(kernels())('makes what one thread makes of $name', async ({ module: file }) => {
    await expectSame(
      decodeModule(readGuest(file)),
      ALL,
      rewriting(async (job) => takeFirst(job, 1)),
    );
  });

  it('takes a module without functions', async () => {
    await expectSame(
      await module('(memory 1)'),
      ALL,
      rewriting(async (job) => takeRanges(sent(job))),
    );
  });

  it('keeps the order in which functions are named by ref.func', async () => {
    const named = (index: number) => `(func (drop (ref.func ${index})) ${PADDING})`;
    const text = [3, 1, 3, 0, 2, 1].map(named).join('');
    await expectSame(
      await module(`(elem declare func 0 1 2 3) ${text}`),
      ALL,
      rewriting(async (job) => takeFirst(job, 2)),
    );
  });

  // At the check of its loop, each function has a block of a type of its own. A range that counts types for itself counts less far.
  it('lets one thread do it where the numbers of two ranges differ in size', async () => {
    const times = (count: number, text: string) => text.repeat(count);
    const declared = Array.from({ length: 15 }, (_, at) => `(type (func (param ${times(at + 1, 'f32 ')})))`).join('');
    const bodies = Array.from({ length: 12 }, (_, at) => {
      const [values, drops] = [times(at + 1, '(i64.const 1)'), times(at + 1, '(drop)')];
      return `(func ${values} (loop (param ${times(at + 1, 'i64 ')}) ${drops}) ${PADDING})`;
    });
    const text = `${declared} ${bodies.join('')}`;
    const tall = await module(text);
    const seen: number[] = [];
    const onProgress = (bytes: number) => void seen.push(bytes);
    await injectTogether(tall, { ...ALL, onProgress }, rewriting(nobody), RANGE_BYTES);
    const startsAnew = seen.findIndex((bytes, at) => at > 0 && bytes < seen[at - 1]!);
    expect(startsAnew).toBeGreaterThan(0);
    await expectSame(
      tall,
      ALL,
      rewriting(async (job) => takeFirst(job, 3)),
    );
  });

  it('names the first of all instructions that are refused', async () => {
    const text = Array.from({ length: 6 }, () => `(func ${PADDING})`).join('');
    const decoded = await module(text);
    for (const { code } of decoded.bodies.slice(2)) decoded.bytes[code.start] = CALL_REF;
    const one = caught(() => inject(decoded, ALL));
    const scan = async (job: ScanJob) => scanFirst(job, 5);
    await expect(injectTogether(decoded, ALL, { ...rewriting(nobody), scan }, RANGE_BYTES)).rejects.toThrow(
      one.message,
    );
    expect(one.message).toContain('function 2: call_ref');
  });

  it('says how far all threads together have come', async () => {
    const seen: [number, number][] = [];
    const onProgress = (done: number, total: number) => void seen.push([done, total]);
    const total = lua.bodies.reduce((sum, { body }) => sum + body.end - body.start, 0);
    await injectTogether(
      lua,
      { ...ALL, onProgress },
      rewriting(async (job) => takeFirst(job, 3)),
      RANGE_BYTES,
    );
    expect(seen[seen.length - 1]).toEqual([total, total]);
    expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).sort((one, other) => one - other));
    expect(seen[0]![0]).toBeGreaterThan(3 * RANGE_BYTES);
  });
});

/** In place of an `i32.const`: both have one immediate. */
const CALL_REF = 0x14;

function caught(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

/** So much code that a range ends behind it. */
const PADDING = '(drop (i32.const 0))'.repeat(RANGE_BYTES / 3);

async function module(fields: string): Promise<Module> {
  return decodeModule(await assemble('together', `(module ${fields})`));
}
