/** Where a trap happened: both engines name the function and the original offset of the instruction. */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import type { EngineInstance } from '../../src/engine/engine.js';
import { decodeModule } from '../../src/wasm/decode/index.js';
import { InstructionReader } from '../../src/wasm/instructions.js';
import { opcodeName } from '../../src/wasm/opcode-lookup.js';
import { runGuest } from '../snapshot/capture-run.js';
import { interpreterEngine } from '../support/interpreter.js';
import { assemble } from '../support/modules.js';
import { starter } from './contract-support.js';

/** Functions before the one that traps, so that indices and sizes differ from the rewritten ones. */
const BEFORE = `(import "host" "call" (func $host (param i32)))
  (memory 1) (table 3 funcref) (elem (i32.const 0) $other)
  (data $bytes "abc")
  (func $other (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $sum (param f64 f64) (result f64) (f64.store (i32.const 0) (f64.add (local.get 0) (local.get 1))) (f64.load (i32.const 0)))
  (func $down (param i32) (result i32)
    (if (result i32) (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 7))))`;

const CASES: readonly [trap: string, instruction: string, code: string][] = [
  ['unreachable', 'unreachable', '(call $host (i32.const 1)) (if (local.get 0) (then unreachable))'],
  ['memory-out-of-bounds', 'i32.load', '(drop (call $down (i32.const 9))) (drop (i32.load (i32.const 65533)))'],
  [
    'integer-divide-by-zero',
    'i32.div_u',
    '(loop (call $host (i32.div_u (local.get 0) (i32.sub (local.get 0) (i32.const 1)))))',
  ],
  ['invalid-conversion', 'i32.trunc_f64_s', '(drop (i32.trunc_f64_s (call $sum (f64.const inf) (f64.const 1))))'],
  ['memory-out-of-bounds', 'memory.init', '(memory.init $bytes (i32.const 0) (i32.const 2) (i32.const 5))'],
  ['indirect-call-type', 'call_indirect', '(call_indirect (param i64) (i64.const 1) (i32.const 0))'],
  ['table-out-of-bounds', 'call_indirect', '(call_indirect (param i64) (i64.const 1) (i32.const 5))'],
];

/** Function and offset of the only `name` in the last function. */
function placeOf(bytes: Uint8Array, name: string): { functionIndex: number; offset: number } {
  const module = decodeModule(bytes);
  const reader = new InstructionReader(bytes, module.bodies.at(-1)!.code);
  while (reader.next()) if (opcodeName(reader.op) === name) break;
  return { functionIndex: module.bodies.length, offset: reader.start };
}

describe.each([new CompiledEngine(), interpreterEngine()])('places of traps on the $name engine', (engine) => {
  const start = starter(engine);
  const host = { call: () => undefined };

  it.each(CASES)('%s at %s', async (trap, instruction, code) => {
    const text = `(module ${BEFORE} (func (export "run") (param i32) ${code}))`;
    const { instance } = await start(text, host);
    const expected = { kind: 'trapped', trap, ...placeOf(assemble(text), instruction) };
    expect(instance.call('run', [1])).toMatchObject(expected);
  });

  it('names the function whose entry found no stack left', async () => {
    const text = `(module ${BEFORE} (func (export "run") (param i32) (drop (call $down (i32.const -1)))))`;
    const { instance } = await start(text, host);
    expect(instance.call('run', [1])).toMatchObject({ trap: 'stack-overflow', functionIndex: 3 });
  });
});

describe('the place of an error', () => {
  it('is the call from which the host was reached', async () => {
    let instance: EngineInstance | undefined;
    const places: unknown[] = [];
    const text = `(module ${BEFORE} (func (export "run") (param i32) (call $host (i32.const 1)) (drop (call $other (i32.const 1)))))`;
    ({ instance } = await starter(new CompiledEngine())(text, {
      call: () => void places.push(instance!.locate!(new Error('here'))),
    }));
    instance.call('run', [1]);
    expect(places).toEqual([placeOf(assemble(text), 'call')]);
  });
});

describe('places of traps in marked code', () => {
  const engine = new CompiledEngine();
  const STORES = '(i32.store offset=8 (i32.const 60000) (local.get 0)) (i64.store8 (i32.const 1) (i64.const 2))';

  it.each([...CASES, ['memory-out-of-bounds', 'f32.store', '(f32.store (i32.const 65533) (f32.const 1))'] as const])(
    '%s at %s',
    async (trap, instruction, code) => {
      const text = `(module ${BEFORE} (func (export "run") (param i32) ${STORES} ${code}))`;
      const { instance } = await starter(engine)(text, { call: () => undefined });
      instance.beginMarking!(await engine.marking(assemble(text)));
      const expected = { kind: 'trapped', trap, ...placeOf(assemble(text), instruction) };
      expect(instance.call('run', [1])).toMatchObject(expected);
    },
  );
});

describe('places of traps in resumed frames', () => {
  const engine = new CompiledEngine();
  // The operand, the loop and the block must be restored before the guest gets to what traps.
  const AROUND: readonly [where: string, around: (code: string) => string][] = [
    ['behind the call', (code) => `(call $host (i32.const 1)) ${code}`],
    ['in a loop', (code) => `(loop $l (block $b (drop (i32.const 7)) (call $host (i32.const 1)) ${code} (br $l)))`],
    [
      'in the second turn',
      (code) => `(local $i i32) (loop $l (call $host (local.get $i))
      (if (local.get $i) (then ${code})) (local.set $i (i32.const 1)) (br $l))`,
    ],
  ];

  it.each(
    CASES.flatMap(([trap, instruction, code]) =>
      AROUND.flatMap(([where, around]) =>
        (['resume', 'restore', 'mark'] as const).map((how) => [trap, instruction, where, how, around(code)] as const),
      ),
    ),
  )('%s at %s, %s, after a %s', async (trap, instruction, _where, how, code) => {
    const text = `(module ${BEFORE} (func (export "run") (param i32) ${code}))`;
    const bytes = assemble(text);
    const [prepared, marking] = [await engine.prepare(bytes), await engine.marking(bytes)];
    const { captures, log } = runGuest(
      { prepared, marking, calls: [['run', 1]], sliceFuel: 1_000_000, host: () => 1 },
      () => how,
    );
    expect(captures).toBeGreaterThan(0);
    const { functionIndex, offset } = placeOf(bytes, instruction);
    expect(log.at(-1)).toMatch(new RegExp(` ${trap} in function ${functionIndex} at ${offset}$`));
  });
});
