/** Marked code: each instruction that writes notes exactly the pages that it writes, and does what it did before. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../src/engine/compiled/index.js';
import {
  type BoundaryValue,
  DEFAULT_LIMITS,
  type EngineInstance,
  type Outcome,
  type WrittenPages,
} from '../../../src/engine/engine.js';
import { Random } from '../../support/random-module.js';
import { assemble } from '../../support/wat.js';

const PAGE = 65536;
const PAGES = 6;

const VECTOR = '(i8x16.splat (i32.const 7))';
/** Instruction, bytes that it writes, its value. */
const STORES: readonly (readonly [string, number, string])[] = [
  ['i32.store', 4, '(i32.const -2)'],
  ['i32.store8', 1, '(i32.const -2)'],
  ['i32.store16', 2, '(i32.const -2)'],
  ['i64.store', 8, '(i64.const -3)'],
  ['i64.store8', 1, '(i64.const -3)'],
  ['i64.store16', 2, '(i64.const -3)'],
  ['i64.store32', 4, '(i64.const -3)'],
  ['f32.store', 4, '(f32.const nan:0x200001)'],
  ['f64.store', 8, '(f64.const 1.5)'],
  ['v128.store', 16, VECTOR],
];
const LANES: readonly (readonly [string, number])[] = [
  ['v128.store8_lane', 1],
  ['v128.store16_lane', 2],
  ['v128.store32_lane', 4],
  ['v128.store64_lane', 8],
];
const OFFSETS = [0, 1, 65530, 4294967295];

interface Writer {
  readonly name: string;
  readonly bytes: number;
  readonly offset: number;
  readonly text: string;
}

const WRITERS: readonly Writer[] = OFFSETS.flatMap((offset, at) => {
  const named = (name: string, bytes: number, text: string): Writer => ({
    ...{ name: `${name} ${at}`, bytes, offset },
    text: `(func (export "${name} ${at}") (param i32) (call $stop) ${text})`,
  });
  return [
    ...STORES.map(([op, bytes, value]) => named(op, bytes, `(${op} offset=${offset} (local.get 0) ${value})`)),
    ...LANES.map(([op, bytes]) => named(op, bytes, `(${op} offset=${offset} 0 (local.get 0) ${VECTOR})`)),
  ];
});

const TEXT = `(module
  (import "host" "stop" (func $stop))
  (memory (export "memory") ${PAGES} 20)
  (data $text "${'abcdefgh'.repeat(20)}")
  (data (i32.const 5) "active")
  ${WRITERS.map(({ text }) => text).join('\n')}
  (func (export "fill") (param i32 i32) (call $stop)
    (memory.fill (local.get 0) (i32.const 9) (local.get 1)))
  (func (export "copy") (param i32 i32) (call $stop)
    (memory.copy (local.get 0) (i32.const 1) (local.get 1)))
  (func (export "init") (param i32 i32) (call $stop)
    (memory.init $text (local.get 0) (i32.const 3) (local.get 1)))
  (func (export "grow") (param i32) (call $stop)
    (drop (memory.grow (i32.const 2)))
    (i32.store (local.get 0) (i32.const 1)))
  (func (export "many") (param $from i32) (param $step i32) (call $stop)
    (loop $l
      (i32.store8 (local.get $from) (i32.const 1))
      (local.set $from (i32.add (local.get $from) (local.get $step)))
      (br_if $l (i32.lt_u (local.get $from) (i32.const ${PAGES * PAGE}))))))`;

let create: () => EngineInstance;
let code: object;

beforeAll(async () => {
  const engine = new CompiledEngine();
  const bytes = await assemble('marks', TEXT);
  const prepared = await engine.prepare(bytes);
  code = await engine.marking(bytes);
  create = () => {
    const instance: EngineInstance = prepared.instantiate({
      imports: { resolve: () => (() => instance.requestCapture!()) as never },
      limits: DEFAULT_LIMITS,
      sliceFuel: 1e6,
    });
    return instance;
  };
});

/** A run in marked code: what it has noted, first page left out, and what became of it and the memory. */
function marked(name: string, ...args: BoundaryValue[]) {
  const instance = create();
  expect(instance.call(name, args).kind).toBe('captured');
  const written = instance.beginMarking!(code);
  return { outcome: instance.resume!(), noted: takeAll(written), bytes: instance.memory!.bytes, instance, written };
}

function plain(name: string, ...args: BoundaryValue[]): { outcome: Outcome; bytes: Uint8Array } {
  const instance = create();
  instance.call(name, args);
  return { outcome: instance.resume!(), bytes: instance.memory!.bytes };
}

function takeAll(written: WrittenPages): number[] {
  return Array.from({ length: 65536 }, (_, page) => page).filter((page) => written.take(page) && page > 0);
}

function pagesOf(start: number, bytes: number): number[] {
  const last = Math.floor((start + bytes - 1) / PAGE);
  return Array.from({ length: last + 1 }, (_, page) => page).filter((page) => page > 0 && page * PAGE + PAGE > start);
}

/** Without the place of a trap, which is tested elsewhere. */
const seen = ({ outcome, bytes }: { outcome: Outcome; bytes: Uint8Array }) => ({
  outcome: { ...outcome, message: '' },
  memory: Buffer.from(bytes).toString('latin1'),
});

describe('stores', () => {
  it.each(WRITERS)('$name with offset $offset', ({ bytes, name, offset }) => {
    const random = new Random(bytes + offset);
    const boundaries = [2 * PAGE - bytes, 2 * PAGE - 1, 2 * PAGE, PAGES * PAGE - bytes, PAGES * PAGE - bytes + 1];
    const starts = [...boundaries, ...Array.from({ length: 4 }, () => PAGE + random.below(3 * PAGE))];
    for (const start of starts) {
      const address = (start - offset) | 0;
      const run = marked(name, address);
      expect(seen(run)).toEqual(seen(plain(name, address)));
      if (run.outcome.kind === 'returned') expect(run.noted).toEqual(pagesOf(start, bytes));
    }
  });

  it('one page after the other, and again after they were taken', () => {
    for (const step of [1024, PAGE, 3 * PAGE - 7, 40_000]) {
      const { bytes, instance, noted, written } = marked('many', 3, step);
      expect(noted).toEqual(pagesTouched(3, step));
      instance.call('many', [0, PAGE]);
      expect(instance.resume!().kind).toBe('returned');
      expect(takeAll(written)).toEqual([1, 2, 3, 4, 5]);
      expect(bytes[5 * PAGE]).toBe(1);
    }
  });
});

function pagesTouched(from: number, step: number): number[] {
  const pages = new Set<number>();
  for (let at = from; at < PAGES * PAGE; at += step) pages.add(Math.floor(at / PAGE));
  pages.delete(0);
  return [...pages];
}

describe('ranges', () => {
  const cases = [
    ['fill', PAGE + 1, 3 * PAGE],
    ['fill', 2 * PAGE, PAGE],
    ['fill', PAGES * PAGE - 1, 1],
    ['copy', 2 * PAGE - 1, 2],
    ['copy', PAGE, 5 * PAGE],
    ['init', 3 * PAGE - 5, 100],
  ] as const;

  it.each(cases)('memory.%s of %i, %i bytes', (name, start, bytes) => {
    const run = marked(name, start, bytes);
    expect(seen(run)).toEqual(seen(plain(name, start, bytes)));
    expect(run.outcome.kind).toBe('returned');
    expect(run.noted).toEqual(pagesOf(start, bytes));
  });

  it.each([
    ['fill', PAGES * PAGE, 0],
    ['fill', PAGE, -1],
    ['copy', -1, -1],
    ['init', 0, 161],
    ['init', PAGES * PAGE, 0],
  ] as const)('memory.%s of %i, %i bytes, at the end and behind it', (name, start, bytes) => {
    expect(seen(marked(name, start, bytes))).toEqual(seen(plain(name, start, bytes)));
  });

  it('in a memory that grows', () => {
    const start = (PAGES + 1) * PAGE + 3;
    const run = marked('grow', start);
    expect(seen(run)).toEqual(seen(plain('grow', start)));
    expect(run.noted).toEqual([PAGES + 1]);
  });
});

describe('the way back', () => {
  it('leaves memory, segments and counter as they were', () => {
    const { instance } = marked('many', 0, 1000);
    instance.call('init', [PAGE, 10]);
    instance.endMarking!();
    expect(instance.resume!()).toMatchObject({ kind: 'returned' });
    instance.call('grow', [PAGES * PAGE]);
    expect(instance.resume!()).toMatchObject({ kind: 'returned' });
    const other = create();
    for (const [name, ...args] of [
      ['many', 0, 1000],
      ['init', PAGE, 10],
      ['grow', PAGES * PAGE],
    ] as const) {
      other.call(name, args);
      other.resume!();
    }
    expect(instance.counter).toBe(other.counter);
    expect(Buffer.from(instance.memory!.bytes).equals(Buffer.from(other.memory!.bytes))).toBe(true);
  });
});

describe('host functions', () => {
  it('note what they may write, until the next one is called', () => {
    const { instance, written } = marked('fill', PAGE, 0);
    const { hostWrites } = instance.memory!;
    takeAll(written);
    hostWrites!.begin();
    hostWrites!.range(2 * PAGE - 1, 2);
    hostWrites!.range(4 * PAGE, 0);
    expect(takeAll(written)).toEqual([1, 2]);
    expect(takeAll(written)).toEqual([1, 2]);
    hostWrites!.begin();
    expect(takeAll(written)).toEqual([1, 2]);
    expect(takeAll(written)).toEqual([]);
    instance.endMarking!();
    expect(instance.memory!.hostWrites).toBeUndefined();
  });
});
