/**
 * The adversarial guests of guests/wasi: each looks for one source of non-determinism (design.md section 5). What it prints
 * must be guests/wasi/NAME.out in every run; what may differ between runs goes to its stderr, where a replay must still
 * reproduce it. `UPDATE_EXPECTED=1` rewrites the files: review them as a diff.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENGINES, loadGuest, ROOT, readGuest } from '../support/guests.js';
import { type RunOptions, recordRun, replayRun } from '../support/record-run.js';

const FOLDER = 'guests/wasi';
const names = readdirSync(path.join(ROOT, FOLDER))
  .filter((file) => file.endsWith('.wasm') || file.endsWith('.wat'))
  .sort();

/** Arguments, input and environment of the guests that need more than a directory. */
const OPTIONS: Readonly<Record<string, { args?: string[]; env?: [string, string][]; stdin?: string }>> = {
  environ: {
    args: ['two words', '', 'ünïcode', '--flag=1'],
    env: [
      ['ZED', 'last name first'],
      ['ALPHA', ''],
      ['PATH', '/bin:/usr/bin'],
      ['EQUALS', 'a=b=c'],
    ],
  },
  stdin: { stdin: 'first line\nsecond line, which is longer than one read\n\nlast without newline' },
  recursion: { args: ['1000'] },
};

function optionsOf(name: string, seed: number): RunOptions {
  const { args = [], env = [], stdin } = OPTIONS[name] ?? {};
  const preopens = [{ guest: '/data', mode: 'private', entries: [] }] as const;
  return { seed, config: { args: [name, ...args], env, preopens }, ...(stdin === undefined ? {} : { stdin }) };
}

function expected(name: string, stdout: string): string {
  const file = `${FOLDER}/${name}.out`;
  if (process.env['UPDATE_EXPECTED'] !== undefined) writeFileSync(path.join(ROOT, file), stdout, 'latin1');
  return readGuest(file).toString('latin1');
}

describe.for(ENGINES)('on the $name engine', ({ make }) => {
  it.for(names)('%s', async (file) => {
    const name = path.parse(file).name;
    const prepared = await (await make()).prepare(await loadGuest(`${FOLDER}/${file}`));
    for (const seed of [1, 99]) {
      const options = optionsOf(name, seed);
      const { batches, ...recorded } = recordRun(prepared, options);
      expect(recorded.stdout).toBe(expected(name, recorded.stdout));
      expect(replayRun(prepared, options, batches)).toEqual(recorded);
    }
  });
});
