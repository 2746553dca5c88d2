/** Random modules: the interpreter against V8 (through the compiled engine), and against itself one step at a time. */
import { describe, expect, it } from 'vitest';
import { CompiledEngine } from '../../../src/engine/compiled/index.js';
import { DEFAULT_LIMITS, type Engine, type EngineInstance, type Outcome } from '../../../src/engine/engine.js';
import type { InterpreterInstance } from '../../../src/engine/interpreter/index.js';
import { BITS_PREFIX, withBits } from '../../spec/bits.js';
import { EAGER_REGIONS, interpreterEngine } from '../../support/interpreter.js';
import { Random, RandomModule } from '../../support/random-module.js';

const SEEDS = Number(process.env['FTW_FUZZ_SEEDS'] ?? 100);
const FIRST = Number(process.env['FTW_FUZZ_FIRST'] ?? 1);
/** Runs that are begun anew for each instruction. */
const FEW = Math.ceil(SEEDS / 5);
const STOPS_MAX = 150;
const RUN = `${BITS_PREFIX}run`;
const interpreter = interpreterEngine();
const withRegions = interpreterEngine(EAGER_REGIONS);
const compiled = new CompiledEngine();

/** Arguments for the twin of `run`: as many integers as its parameters have words. */
function argumentsOf(module: RandomModule, seed: number): (number | bigint)[] {
  const random = new Random(seed + 1_000_000);
  const wide = () => BigInt(random.below(0x7fffffff)) * BigInt(1 - 2 * random.below(2));
  const words: Record<number, () => (number | bigint)[]> = {
    127: () => [random.below(0x7fffffff) | 0],
    125: () => [random.below(0x7fffffff) | 0],
    123: () => [wide(), wide()],
  };
  return module.runType.params.flatMap((type) => (words[type] ?? (() => [wide()]))());
}

async function instantiate(engine: Engine, bytes: Uint8Array, sliceFuel = 50): Promise<EngineInstance> {
  const prepared = await engine.prepare(bytes);
  const instance = prepared.instantiate({
    imports: { resolve: () => undefined },
    limits: DEFAULT_LIMITS,
    sliceFuel,
  });
  instance.start();
  return instance;
}

/** What must agree: how it ended, the values, the memory, the globals; the counter unless V8 trapped. */
function summary(instance: EngineInstance, outcome: Outcome): unknown {
  const globals = [0, 1, 2, 3].map((index) => {
    const read = instance.call(`${BITS_PREFIX}g${index}`, []);
    return read.kind === 'returned' ? read.values : read.kind;
  });
  const memory = Buffer.from(instance.memory!.bytes).toString('latin1');
  const ended = outcome.kind === 'trapped' ? outcome.trap : outcome;
  return { ended, globals, memory };
}

describe('random modules', () => {
  it(`${SEEDS} seeds from ${FIRST}: as on V8`, async () => {
    let returned = 0;
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const module = new RandomModule(seed);
      const bytes = withBits(module.bytes());
      const args = argumentsOf(module, seed);
      const [mine, v8] = [await instantiate(interpreter, bytes), await instantiate(compiled, bytes)];
      const outcome = mine.call(RUN, args);
      if (outcome.kind === 'returned') returned++;
      const expected = summary(v8, v8.call(RUN, args));
      const actual = summary(mine, outcome);
      if (JSON.stringify(actual, words) !== JSON.stringify(expected, words))
        expect(actual, `seed ${seed}`).toEqual(expected);
    }
    expect(returned).toBeGreaterThan(SEEDS / 4);
  });

  it(`${SEEDS} seeds from ${FIRST}: with regions as without, to the unit`, async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const module = new RandomModule(seed);
      const bytes = withBits(module.bytes());
      const results = [];
      for (const engine of [interpreter, withRegions]) {
        const instance = await instantiate(engine, bytes, 1 + new Random(seed).below(200));
        // Again and again: from the second run on, its loops are regions as well.
        const outcomes = [0, 1, 2].map(() => instance.call(RUN, argumentsOf(module, seed)));
        results.push(JSON.stringify([outcomes, ...outcomes.map((each) => summary(instance, each))], words));
      }
      if (results[0] !== results[1]) expect(JSON.parse(results[1]!), `seed ${seed}`).toEqual(JSON.parse(results[0]!));
    }
  });

  it(`${SEEDS} seeds from ${FIRST}: stops at any instruction and goes on`, async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const module = new RandomModule(seed);
      const bytes = withBits(module.bytes());
      const args = argumentsOf(module, seed);
      const whole = (await instantiate(interpreter, bytes)) as InterpreterInstance;
      const outcome = whole.call(RUN, args);
      const stepped = (await instantiate(interpreter, bytes)) as InterpreterInstance;
      const ended = inSteps(stepped, args, outcome.counter, new Random(seed));
      const message = `seed ${seed}`;
      expect(JSON.stringify(ended, words), message).toBe(JSON.stringify(outcome, words));
      expect(Buffer.compare(stepped.memory!.bytes, whole.memory!.bytes), message).toBe(0);
    }
  });
  // Every charge point lies on the way: in front of it the loop stops by itself, behind it the stepper does the rest.
  it(`${FEW} seeds from ${FIRST}: the loop and the stepper agree at every instruction`, async () => {
    let stops = 0;
    for (let seed = FIRST; seed < FIRST + FEW; seed++) {
      const module = new RandomModule(seed);
      const bytes = withBits(module.bytes());
      const args = argumentsOf(module, seed);
      const stepping = (await instantiate(interpreter, bytes)) as InterpreterInstance;
      const stepper = stepping.debug(RUN, args);
      for (let target = 0; target < STOPS_MAX; target++, stops++) {
        const stepped = stepper.runTo(target);
        const running = (await instantiate(interpreter, bytes)) as InterpreterInstance;
        const runner = running.debug(RUN, args);
        const ran = runner.runTo(target);
        const message = `seed ${seed}, counter ${target}`;
        expect(JSON.stringify(ran, words), message).toBe(JSON.stringify(stepped, words));
        if (ran.kind !== 'stopped') break;
        expect(JSON.stringify(look(runner), words), message).toBe(JSON.stringify(look(stepper), words));
        expect(Buffer.compare(running.memory!.bytes, stepping.memory!.bytes), message).toBe(0);
        runner.close();
      }
    }
    expect(stops).toBeGreaterThan(10 * FEW);
  }, 300_000);
});

function look(session: ReturnType<InterpreterInstance['debug']>): unknown {
  return { frames: session.frames(), globals: session.globals() };
}

const words = (_key: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** Single steps at first, then strides, with a look at every stop. */
function inSteps(
  instance: InterpreterInstance,
  args: readonly (number | bigint)[],
  total: number,
  random: Random,
): Outcome {
  const session = instance.debug(RUN, args);
  for (let target = 0; ; target += target < 40 ? 1 : 1 + random.below(1 + (total >> 3))) {
    const result = session.runTo(target);
    if (result.kind !== 'stopped') {
      session.close();
      return result;
    }
    expect(result.counter).toBe(target);
    expect(session.frames().length).toBeGreaterThan(0);
  }
}
