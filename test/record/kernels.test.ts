/** Each kernel computes what it should, on other data in each repetition, and its replay is the same run. */
import { describe, expect, it } from 'vitest';
import { ENGINES, type Kernel, kernels, loadGuest } from '../support/guests.js';
import { recordRun, replayRun } from '../support/record-run.js';

const all = kernels();

const argsOf = (kernel: Kernel, repeats: 1 | 2) => ({ config: { args: [kernel.name, ...kernel.args, `${repeats}`] } });

/** Their repetitions have nothing to differ in. */
const WITHOUT_DATA = new Set(['ackermann', 'fib']);

/** As in guests/kernels/c/kernel.h. */
function mix(sum: number, value: number): number {
  const product = Math.imul(sum ^ value, 0x9e3779b1);
  return (product ^ (product >>> 15)) >>> 0;
}

/** What two repetitions print if the second one's checksum is the first one's. */
function textOfSame({ name, checksum }: Kernel): string {
  const value = Number.parseInt(checksum, 16);
  return `${name} ${mix(value, value).toString(16).padStart(8, '0')}\n`;
}

describe.for(ENGINES)('on the $name engine', ({ make }) => {
  it.for(all)('$name', async (kernel) => {
    const prepared = await (await make()).prepare(await loadGuest(kernel.module));
    expect(recordRun(prepared, argsOf(kernel, 1)).stdout).toBe(`${kernel.name} ${kernel.checksum}\n`);
    const { batches, ...recorded } = recordRun(prepared, argsOf(kernel, 2));
    expect(recorded.outcome.kind).toBe('returned');
    expect(recorded.stdout === textOfSame(kernel)).toBe(WITHOUT_DATA.has(kernel.name));
    expect(replayRun(prepared, argsOf(kernel, 2), batches)).toEqual(recorded);
  });
});

describe('the corpus', () => {
  it('has two halves of equal weight, with every language and category in both', () => {
    const names = new Set(all.map((kernel) => kernel.name));
    expect(names.size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(26);
    const kindsOf = (half: string) => {
      const chosen = all.filter((kernel) => kernel.half === half);
      return { size: chosen.length, kinds: new Set(chosen.flatMap((kernel) => [kernel.language, kernel.category])) };
    };
    const [training, heldout] = [kindsOf('training'), kindsOf('heldout')];
    expect(Math.abs(training.size - heldout.size)).toBeLessThanOrEqual(1);
    expect(training.kinds).toEqual(heldout.kinds);
  });
});
