/**
 * Sessions with the server, each on a fresh database: in sessions/*.txt a line that starts with `> ` is a command, the
 * lines below it are its reply, and `+ 100ms` lets time pass. With KV_SESSIONS=update the files are written anew, to be
 * reviewed as a diff.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { transcript } from './support.js';

const SESSIONS = fileURLToPath(new URL('./sessions/', import.meta.url));

it.each(readdirSync(SESSIONS))('%s', (file) => {
  const expected = readFileSync(SESSIONS + file, 'utf8');
  const seen = transcript(expected);
  if (process.env['KV_SESSIONS'] === 'update') writeFileSync(SESSIONS + file, seen);
  else expect(seen).toBe(expected);
});
