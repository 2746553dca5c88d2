/** Runs under control: exact stops, what can be seen at them, and that looking changes nothing. */
import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type PreparedModule } from '../../../src/engine/engine.js';
import type { DebugSession, InterpreterInstance } from '../../../src/engine/interpreter/index.js';
import { interpreterEngine } from '../../support/interpreter.js';
import { assemble } from '../../support/modules.js';

const TEXT = `(module
  (import "host" "note" (func $note (param i32)))
  (global $calls (mut i32) (i32.const 0))
  (func $square (param $x i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.mul (local.get $x) (local.get $x)))
  (func (export "sum") (param $n i32) (result i64) (local $total i64)
    (loop $again
      (local.set $total (i64.add (local.get $total) (i64.extend_i32_u (call $square (local.get $n)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $note (i32.const 7))
    (local.get $total)))`;

describe('debug session', () => {
  let prepared: PreparedModule;
  const noted: number[][] = [];

  beforeAll(async () => {
    prepared = await interpreterEngine().prepare(assemble(TEXT));
  });

  const instantiate = () => {
    const note = (...args: number[]) => void noted.push(args);
    const imports = { resolve: () => note as never };
    const instance = prepared.instantiate({ imports, limits: DEFAULT_LIMITS, sliceFuel: 1000 });
    instance.start();
    return instance as InterpreterInstance;
  };

  /** Instruction and function of every stop, one instruction apart. */
  const trace = (session: DebugSession) => {
    const lines: string[] = [];
    while (session.step().kind === 'stopped') {
      const [top] = session.frames();
      lines.push(`${top!.functionIndex} ${top!.instruction}`);
    }
    return lines;
  };

  it('stops before each instruction that counts, in every function', () => {
    const session = instantiate().debug('sum', [1]);
    expect(trace(session)).toEqual([
      ...['2 local.get', '2 local.get', '2 call', '1 global.get'],
      ...['1 global.get', '1 i32.const', '1 i32.add', '1 global.set', '1 local.get', '1 local.get', '1 i32.mul'],
      ...['2 i64.extend_i32_u', '2 i64.add', '2 local.set'],
      ...['2 local.get', '2 i32.const', '2 i32.sub', '2 local.tee', '2 br_if'],
      ...['2 i32.const', '2 call', '2 local.get'],
    ]);
    session.close();
  });

  it('shows frames with typed locals and operands', () => {
    const session = instantiate().debug('sum', [3]);
    // Behind the first square: 2 + (10 of one round) more is within the second.
    expect(session.runTo(30)).toEqual({ kind: 'stopped', counter: 30 });
    const [callee, caller] = session.frames();
    expect(callee).toMatchObject({ functionIndex: 1, instruction: 'i32.mul', locals: [{ type: 0x7f, bits: 2n }] });
    expect(callee!.operands).toEqual([
      { type: 0x7f, bits: 2n },
      { type: 0x7f, bits: 2n },
    ]);
    expect(caller).toMatchObject({ functionIndex: 2, instruction: 'i64.extend_i32_u' });
    expect(caller!.locals).toEqual([
      { type: 0x7f, bits: 2n },
      { type: 0x7e, bits: 9n },
    ]);
    expect(caller!.operands).toEqual([{ type: 0x7e, bits: 9n }]);
    expect(session.globals()).toEqual([{ type: 0x7f, bits: 2n }]);
    session.close();
  });

  it('ends as an undisturbed run does, wherever it stopped before', () => {
    const whole = instantiate().call('sum', [40]);
    for (let at = 0; at <= whole.counter; at += 13) {
      const session = instantiate().debug('sum', [40]);
      if (session.runTo(at).kind === 'stopped') expect(session.counter).toBe(at);
      expect(session.runTo(Number.MAX_SAFE_INTEGER)).toEqual(whole);
      expect(session.frames()).toEqual([]);
      session.close();
    }
  });

  it('counts a host call before it happens', () => {
    const before = noted.length;
    const session = instantiate().debug('sum', [1]);
    const { counter } = instantiate().call('sum', [1]);
    // The last two instructions are the call and local.get.
    session.runTo(counter - 2);
    expect(noted.length).toBe(before + 1);
    session.step();
    expect(noted.slice(before)).toEqual([
      [7, counter - 1],
      [7, counter - 1],
    ]);
    session.close();
  });
});
