import { describe, expect, it } from 'vitest';
import { parseCount } from '../../../../src/cli/parse/count.js';
import { parseDir, parseEnv } from '../../../../src/cli/parse/guest.js';

describe('parseEnv', () => {
  it.each([
    ['A=1', ['A', '1']],
    ['A=', ['A', '']],
    ['A=b=c', ['A', 'b=c']],
    ['HOME', ['HOME', '/root']],
  ])('%s', (text, pair) => {
    expect(parseEnv(text, { HOME: '/root' })).toEqual(pair);
  });

  it('refuses an empty name and a name without a value', () => {
    expect(() => parseEnv('=1', {})).toThrow("--env '=1': the name is empty; expected NAME=VALUE or NAME");
    expect(() => parseEnv('NOPE', {})).toThrow("--env 'NOPE': no value is given and NOPE is not set here");
  });
});

describe('parseDir', () => {
  it.each([
    ['./data::/data', { host: './data', guest: '/data', mode: 'private' }],
    ['/srv', { host: '/srv', guest: '/srv', mode: 'private' }],
    ['/srv::/data::ro', { host: '/srv', guest: '/data', mode: 'ro' }],
  ])('%s', (text, mapping) => {
    expect(parseDir(text)).toEqual(mapping);
  });

  it.each(['', '::/data', './data::', 'a::b::rw', 'a::b::ro::c'])('refuses %j', (text) => {
    expect(() => parseDir(text)).toThrow(
      expect.objectContaining({
        code: 'FTW_USAGE',
        message: expect.stringContaining(`--dir '${text}': expected HOST`),
      }),
    );
  });
});

describe('parseCount', () => {
  it('takes whole numbers from the minimum on', () => {
    expect(parseCount('0', '--min-backups')).toBe(0);
    expect(parseCount('12', '--fuel', 1)).toBe(12);
  });

  it.each(['', '-1', '1.5', '1e3', 'one', '99999999999999999'])('refuses %j', (text) => {
    expect(() => parseCount(text, '--fuel')).toThrow(`--fuel '${text}': expected a whole number of at least 0`);
  });

  it('refuses what is below the minimum', () => {
    expect(() => parseCount('0', '--fuel', 1)).toThrow('at least 1');
  });
});
