/** The README's tables say what the code does. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { declareFlags } from '../../../src/cli/flags.js';
import { GATEWAY_FLAGS } from '../../../src/cli/gateway-options.js';
import { SERVE_FLAGS } from '../../../src/cli/serve-flags.js';
import { EVENTS, EXIT_CODES } from '../../../src/index.js';

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

/** First cells of the table under a heading, without backticks. */
function firstCells(heading: string): string[] {
  const section = README.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `?([^|`\\]+)/gm)].map((match) => match[1]!.trim()).slice(1);
}

describe('README', () => {
  it.each([
    ['serve', SERVE_FLAGS],
    ['gateway', GATEWAY_FLAGS],
  ])('lists every flag of %s', (command, flags) => {
    const names = declareFlags(new Command(), flags).options.map((option) => option.long);
    expect(firstCells(`Flags of \`ft-wasm ${command}\``).map((cell) => cell.split(' ')[0])).toEqual(names);
  });

  it('lists every event', () => {
    expect(firstCells('Events')).toEqual(Object.keys(EVENTS));
  });

  it('lists every exit code of ours', () => {
    const codes = Object.values(EXIT_CODES).filter((code) => code !== 0);
    expect(firstCells('Exit codes').map(Number)).toEqual(codes);
  });
});
