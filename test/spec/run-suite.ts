/** The whole suite on one engine, one test per script. */
import { afterAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { ScriptRunner } from './script.js';
import { missing, Suite } from './suite.js';

/** Commands that are expected to fail, by `script:line`, with the reason. */
export type ExpectedFailures = Readonly<Record<string, string>>;

export function describeSuite(engine: Engine, expectedFailures: ExpectedFailures): void {
  const skipped = missing();
  if (skipped !== undefined) console.warn(`spec suite on the ${engine.name} engine skipped: ${skipped}`);

  describe.skipIf(skipped !== undefined)(`core specification suite, ${engine.name} engine`, () => {
    const suite = skipped === undefined ? new Suite() : undefined;
    const totals = { passed: 0, skipped: 0, failed: 0 };
    afterAll(() => {
      console.log(`spec suite, ${engine.name}: ${JSON.stringify(totals)}`);
      suite?.dispose();
    });

    it.each(suite?.names() ?? [])('%s', async (name) => {
      const result = await new ScriptRunner(engine, suite!.load(name)).run();
      totals.passed += result.passed;
      totals.skipped += result.skipped;
      totals.failed += result.failures.length;
      const unexpected = result.failures.filter(({ place }) => expectedFailures[place] === undefined);
      expect(unexpected).toEqual([]);
      const failed = new Set(result.failures.map(({ place }) => place));
      const mine = Object.keys(expectedFailures).filter((place) => place.startsWith(`${name}:`));
      expect(
        mine.filter((place) => !failed.has(place)),
        'expected failures that pass',
      ).toEqual([]);
    });
  });
}
