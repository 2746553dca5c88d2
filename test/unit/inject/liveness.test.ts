/** Which locals are saved at a site: those that some execution can still read. */
import { describe, expect, it } from 'vitest';
import { Liveness } from '../../../src/inject/liveness.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { InstructionReader } from '../../../src/wasm/instructions.js';
import { Op } from '../../../src/wasm/opcode.js';
import { assemble } from '../../support/wat.js';

const LOCALS = 'abcd';

/** Live locals at each `call` and loop header of the function, in order; names are a, b, c, d. */
async function liveAt(code: string): Promise<string[]> {
  const text = `(module (func $host) (func (param $a i32) (param $b i32) (local $c i32) (local $d i32) ${code}))`;
  const module = decodeModule(await assemble('liveness', text));
  const { code: range } = module.bodies[1]!;
  const liveness = new Liveness(module.bytes);
  liveness.begin(LOCALS.length, range.start, range.end);
  const reader = new InstructionReader(module.bytes, range);
  while (reader.next()) {
    liveness.note(reader.op, reader.immediates);
    if (reader.op === Op.Call || reader.op === Op.Loop) liveness.site();
  }
  liveness.solve();
  return Array.from({ length: liveness.sites }, (_, site) =>
    [...LOCALS].filter((_name, local) => (liveness.live[site]! >> local) & 1).join(''),
  );
}

describe('live locals', () => {
  it.each([
    ['what is read later', '(call $host) (drop (local.get $a)) (call $host)', ['a', '']],
    ['not what is written first', '(call $host) (local.set $a (local.get $b)) (drop (local.get $a))', ['b']],
    [
      'either arm',
      '(call $host) (if (local.get $a) (then (drop (local.get $b))) (else (drop (local.get $c))))',
      ['abc'],
    ],
    [
      'an arm that is not there',
      '(call $host) (if (local.get $a) (then (local.set $b (i32.const 1)))) (drop (local.get $b))',
      ['ab'],
    ],
    [
      'around a loop',
      '(loop (drop (local.get $a)) (call $host) (local.set $c (local.get $b)) (br_if 0 (local.get $c)))',
      ['ab', 'ab'],
    ],
    [
      'around two loops',
      '(loop (loop (call $host) (br_if 0 (local.get $a))) (local.set $d (local.get $c)) (br_if 0 (local.get $b)))',
      ['abc', 'abc', 'abc'],
    ],
    ['where a branch goes', '(block (call $host) (br 0) (drop (local.get $a))) (drop (local.get $b))', ['b']],
    [
      'where a table goes',
      '(block (block (call $host) (br_table 0 1 (local.get $a))) (drop (local.get $b)) (return)) (drop (local.get $c))',
      ['abc'],
    ],
    ['nothing behind a return', '(call $host) (return) (drop (local.get $a))', ['']],
    ['what tee writes', '(call $host) (drop (local.tee $a (i32.const 1))) (drop (local.get $a))', ['']],
  ])('%s', async (_what, code, expected) => {
    expect(await liveAt(code)).toEqual(expected);
  });
});
