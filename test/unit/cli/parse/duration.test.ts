import { expect, it } from 'vitest';
import { parseDuration } from '../../../../src/cli/parse/duration.js';

it.each([
  ['20ms', 20],
  ['2s', 2000],
  ['1.5s', 1500],
  ['1m', 60_000],
  ['1h', 3_600_000],
  ['0.6ms', 1],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text, '--heartbeat')).toBe(ms);
});

it.each([
  ['20', 'the unit is missing'],
  ['', 'it is not a duration'],
  ['fast', 'it is not a duration'],
  ['-1s', 'it is not a duration'],
  ['1 s', 'it is not a duration'],
  ['5d', 'it is not a duration'],
  ['0s', 'it is shorter than 1ms'],
  ['1000h', 'it is longer than 24 days'],
])('refuses %j', (text, reason) => {
  expect(() => parseDuration(text, '--heartbeat')).toThrow(
    expect.objectContaining({
      code: 'FTW_USAGE',
      message: `--heartbeat '${text}': ${reason}; expected a number with ms, s, m or h, such as 20ms or 2s`,
    }),
  );
});
