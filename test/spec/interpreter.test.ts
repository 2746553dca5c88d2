import { describe } from 'vitest';
import { EAGER_REGIONS, interpreterEngine } from '../support/interpreter.js';
import { describeSuite, type ExpectedFailures } from './run-suite.js';

/** The multi-memory proposal made the zero byte of these operators a memory index, of any LEB128 length. */
const ZERO_BYTE = [877, 897, 916, 935, 974, 993, 1011, 1029].map((line) => `binary:${line}`);

const EXPECTED: ExpectedFailures = Object.fromEntries(
  ZERO_BYTE.map((place) => [place, 'multi-memory: a memory index may be written with more than one byte']),
);

describeSuite(interpreterEngine(), EXPECTED);
describe('with every function as a region', () => {
  describeSuite(interpreterEngine(EAGER_REGIONS), EXPECTED);
});
