/** Valid modules that are too large: refused with the place in them, and with what to do about it. */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import { WebAssembly } from '../../src/engine/compiled/webassembly.js';
import { DEFAULT_LIMITS } from '../../src/engine/engine.js';
import type { DecodeError } from '../../src/errors.js';
import { interpreterEngine } from '../support/interpreter.js';
import { assemble } from '../support/modules.js';
import { instanceOptions } from './contract-support.js';

const repeat = (text: string, times: number): string => new Array<string>(times).fill(text).join(' ');

describe.each([new CompiledEngine(), interpreterEngine()])('what a module declares, on the $name engine', (engine) => {
  it.each([
    ['(table 65 funcref)', /a table of at least 65 elements, the limit is 64: see --max-table \(at offset 0x[1-9a-f]/],
    [repeat('(table 13 funcref)', 5), /5 tables of at least 65 elements, the limit is 64: see --max-table/],
    ['(memory 17)', /a memory of at least 17 pages, the limit is 16: see --max-memory \(at offset 0x[1-9a-f]/],
  ])('%s is more than the limits allow', async (declarations, message) => {
    const prepared = await engine.prepare(assemble(`(module ${declarations} (func (export "run")))`));
    expect(() => prepared.instantiate(instanceOptions())).toThrow(message);
  });

  it('what fits all together is taken', async () => {
    const prepared = await engine.prepare(
      assemble(`(module ${repeat('(table 12 funcref)', 5)} (func (export "run")))`),
    );
    expect(prepared.instantiate(instanceOptions()).start().kind).toBe('returned');
  });
});

/** Each is valid, and V8 takes it as it is. */
const OUTGROWN: readonly [what: string, text: string, message: RegExp][] = [
  [
    'a body',
    `(func) (func (export "long") ${repeat('(call 0)', 1_500_000)})`,
    /^function 1 "long" is too large: 30\d{5} bytes become \d{8} when it is rewritten, and V8's limit is 7654321; the interpreter runs it/,
  ],
  [
    'locals',
    `(func (local ${repeat('i64', 50_000)}))`,
    /^function 0 is too large: rewritten it has 500\d\d locals, and V8's limit/,
  ],
  [
    'params',
    `(func) (func (param ${repeat('i32', 999)}))`,
    /^type 1 has 999 params and 0 results; rewritten it has 2 and 1 more/,
  ],
  ['results', `(type $t (func (result ${repeat('f64', 1000)})))`, /^type 0 has 0 params and 1000 results; rewritten/],
  [
    'globals',
    repeat('(global i32 (i32.const 0))', 1_000_000),
    /^rewritten it has 1000\d\d\d globals, and V8's limit is 1000000;/,
  ],
];

describe('a module that only its rewritten form makes too large', () => {
  it.each(OUTGROWN)(
    'because of its %s is refused with the place',
    { timeout: 60_000 },
    async (_what, text, message) => {
      const bytes = assemble(`(module ${text})`);
      expect(WebAssembly.validate(bytes)).toBe(true);
      const error: DecodeError = await new CompiledEngine().prepare(bytes).then(
        () => expect.unreachable('it was taken'),
        (thrown) => thrown,
      );
      expect(error).toMatchObject({ code: 'FTW_LIMIT', message: expect.stringMatching(message) });
      expect(error.offset).toBeGreaterThanOrEqual(8);
      const plain = await interpreterEngine().prepare(bytes);
      expect(plain.instantiate({ ...instanceOptions(), limits: DEFAULT_LIMITS }).start().kind).toBe('returned');
    },
  );
});

describe('a function so large that a frame of it might not be continued', () => {
  it('keeps the module from being captured, before anything is left', async () => {
    const calls = repeat('(drop (call $host))', 180_000);
    const text = `(module (import "host" "call" (func $host (result i32))) (func) (func (export "run") ${calls}))`;
    const prepared = await new CompiledEngine().prepare(assemble(text));
    const refused: unknown[] = [];
    const call = () => {
      try {
        if (refused.length < 2) instance.requestCapture!();
      } catch (error) {
        refused.push(error);
      }
      return 7;
    };
    const instance = prepared.instantiate(instanceOptions({ call }));
    expect(instance.call('run', [])).toMatchObject({ kind: 'returned' });
    const message =
      /cannot be captured: \d{7} bytes of rewritten code are too large .*, in function 2 at offset 0x[0-9a-f]+$/;
    expect(refused).toEqual(
      Array(2).fill(expect.objectContaining({ code: 'FTW_UNSUPPORTED', message: expect.stringMatching(message) })),
    );
  });
});
