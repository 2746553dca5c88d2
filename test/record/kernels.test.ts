/** Each kernel computes what it should, and its replay is the same run. */
import { describe, expect, it } from 'vitest';
import { ENGINES, type Kernel, kernels, loadGuest } from '../support/guests.js';
import { recordRun, replayRun } from '../support/record-run.js';

const all = kernels();

const argsOf = (kernel: Kernel) => ({ config: { args: [kernel.name, ...kernel.args, '2'] } });

describe.for(ENGINES)('on the $name engine', ({ make }) => {
  it.for(all)('$name', async (kernel) => {
    const prepared = await (await make()).prepare(await loadGuest(kernel.module));
    const { batches, ...recorded } = recordRun(prepared, argsOf(kernel));
    expect(recorded.stdout).toBe(`${kernel.name} ${kernel.checksum}\n`);
    expect(recorded.outcome.kind).toBe('returned');
    expect(replayRun(prepared, argsOf(kernel), batches)).toEqual(recorded);
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
