/** The program's own code is kept compiled beside the rewritten modules, and nowhere without a cache. */
import { existsSync, readdirSync } from 'node:fs';
import * as module from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { command, MAIN, runProgram } from '../support/command.js';
import { exitsWith, moduleFile, temporaryFolder } from '../support/modules.js';

const isKnown = 'enableCompileCache' in module;

describe('code kept compiled', () => {
  it('is in the cache of the run, if this Node can keep it', async () => {
    const cache = path.join(temporaryFolder(), 'modules');
    for (let start = 0; start < 2; start++) {
      expect(await command(['run', '--cache', cache, moduleFile(exitsWith(3))])).toMatchObject({ code: 3, stderr: '' });
      expect(existsSync(path.join(cache, 'compiled'))).toBe(isKnown);
    }
  });

  it('is kept nowhere with --no-cache', async () => {
    const home = temporaryFolder();
    const args = [MAIN, 'run', '--no-cache', moduleFile(exitsWith(3))];
    const env = { ...process.env, HOME: home, XDG_CACHE_HOME: home };
    expect(await runProgram(process.execPath, args, undefined, { env })).toMatchObject({ code: 3, stderr: '' });
    expect(readdirSync(home)).toEqual([]);
  });
});
