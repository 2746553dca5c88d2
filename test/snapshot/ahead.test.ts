/** Where a guest is, told from V8's stack, against where its frames turn out to be; and captures whose support was made ahead. */
import { describe, expect, it } from 'vitest';
import { currentAddresses } from '../../src/engine/compiled/addresses.js';
import type { MadeSupport } from '../../src/engine/compiled/capture-maker.js';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import {
  type CaptureMaker,
  DEFAULT_LIMITS,
  type EngineInstance,
  type HostFunction,
  type PreparedModule,
} from '../../src/engine/engine.js';
import type { FuncType } from '../../src/wasm/module.js';
import { ValType } from '../../src/wasm/module.js';
import { assemble } from '../support/wat.js';
import { GUESTS } from './guests.js';
import { HANDLER_GUESTS } from './handler-guests.js';

type Guest = (typeof GUESTS)[number];

const CAPTURES_MAX = 400;

function answer({ results }: FuncType): number | bigint | undefined {
  if (results.length === 0) return undefined;
  return results[0] === ValType.I64 ? 7n : 7;
}

/** An instance with a host that calls `look` at every host call and slice. */
function instanceOf(prepared: PreparedModule, sliceFuel: number, look: () => void, log: unknown[] = []) {
  const host = (type: FuncType) =>
    ((...args: unknown[]) => {
      log.push(args);
      look();
      return answer(type);
    }) as HostFunction;
  return prepared.instantiate({
    imports: { resolve: (_module, _name, type) => host(type) },
    limits: DEFAULT_LIMITS,
    sliceFuel,
    onSlice: look,
  });
}

/** Runs all calls, with `onCapture` at each capture. */
function runAll(instance: EngineInstance, { calls }: Guest, onCapture: () => void): void {
  const outcomes = [
    () => instance.start(),
    ...calls.map(
      ([name, ...args]) =>
        () =>
          instance.call(name, args),
    ),
  ];
  for (const begin of outcomes) {
    for (let outcome = begin(); outcome.kind === 'captured'; outcome = instance.resume!()) onCapture();
  }
}

async function prepare({ name, text }: Guest): Promise<{ prepared: PreparedModule; maker: CaptureMaker }> {
  const bytes = await assemble(name, text);
  const engine = new CompiledEngine();
  return { prepared: await engine.prepare(bytes), maker: (await engine.captureMaker(bytes))! };
}

describe.each(GUESTS)('$name', (each) => {
  it.each([1, 1000])(
    'is where its stack says, in its own code and in resumed code, slices of %i',
    async (sliceFuel) => {
      const { prepared, maker } = await prepare(each);
      let seen: (number | undefined)[] = [];
      let captures = 0;
      const look = () => {
        if (captures >= CAPTURES_MAX) return;
        const made = currentAddresses().map((address) => maker.make(address, false) as MadeSupport | undefined);
        seen = made.flatMap((support) => (support === undefined ? [] : [support.place.offset]));
        instance.requestCapture!();
      };
      const instance = instanceOf(prepared, sliceFuel, look);
      runAll(instance, each, () => {
        captures++;
        const frames = instance.state!().frames.map(({ offset }) => offset);
        // Frames that have not run since an earlier capture are not on the stack.
        expect(seen.toReversed()).toEqual(frames.slice(frames.length - seen.length));
      });
      expect(captures > 0 || sliceFuel > 1).toBe(true);
    },
  );
});

describe.each([...GUESTS, ...HANDLER_GUESTS])('$name', (each) => {
  it('goes on with support that was made ahead, and needs nothing more at the same place', async () => {
    const plainLog: unknown[] = [];
    const { prepared, maker } = await prepare(each);
    const plain = instanceOf(prepared, 1000, () => {}, plainLog);
    runAll(plain, each, () => {});
    const log: unknown[] = [];
    const guest = await prepare(each);
    let captures = 0;
    const look = () => {
      if (captures >= CAPTURES_MAX || instance.canCaptureNow?.() === false) return;
      for (const address of instance.addresses!(true)) {
        const made = maker.make(address, true);
        if (made !== undefined) instance.support!(structuredClone(made));
      }
      const needed = instance.addresses!(true).filter((address) => maker.make(address, true) !== undefined);
      expect(needed).toEqual([]);
      instance.requestCapture!();
    };
    const instance = instanceOf(guest.prepared, 1000, look, log);
    runAll(instance, each, () => captures++);
    expect(log).toEqual(plainLog);
    expect(instance.counter).toBe(plain.counter);
  });
});
