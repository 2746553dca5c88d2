/**
 * Transcripts of the protocol: commands with everything that follows from them, in transcripts/*.txt. After a change
 * of the protocol run `UPDATE_TRANSCRIPTS=1 npx vitest run test/scenario` and review the difference.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { play } from './commands.js';

const FOLDER = new URL('transcripts/', import.meta.url);

for (const name of readdirSync(fileURLToPath(FOLDER)).sort()) {
  test(name, () => {
    const file = new URL(name, FOLDER);
    const expected = readFileSync(file, 'utf8');
    const actual = play(expected);
    if (process.env['UPDATE_TRANSCRIPTS'] === '1') writeFileSync(file, actual);
    else expect(actual).toBe(expected);
  });
}
