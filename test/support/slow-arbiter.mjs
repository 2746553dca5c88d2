/**
 * Preloaded into replicas (`node --import`): makes the file system slow or forgetful where a file arbiter keeps its record.
 * The file that FTW_TEST_FAULT names says how, from moment to moment: `slow MS` lets every listing take that long; `lost`
 * lets links succeed and reports an error for them and for all that follows, until the file says something else.
 */
import { readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { link, readdir, readFile, stat } = fs;

/** @returns {readonly string[]} */
function fault() {
  try {
    return readFileSync(process.env['FTW_TEST_FAULT'] ?? '', 'utf8')
      .trim()
      .split(' ');
  } catch {
    return [];
  }
}

let linked = false;

function checkLost() {
  const [kind] = fault();
  if (kind !== 'lost') linked = false;
  if (linked) throw Object.assign(new Error('EIO: the answer was lost'), { code: 'EIO' });
}

fs.readdir = /** @type {typeof readdir} */ (
  async (/** @type {string} */ path) => {
    checkLost();
    const [kind, ms] = fault();
    if (kind === 'slow') await new Promise((resolve) => setTimeout(resolve, Number(ms)));
    return readdir(path);
  }
);
fs.readFile = /** @type {typeof readFile} */ (
  async (/** @type {Parameters<typeof readFile>} */ ...args) => {
    checkLost();
    return readFile(...args);
  }
);
fs.stat = /** @type {typeof stat} */ (
  async (/** @type {Parameters<typeof stat>} */ ...args) => {
    checkLost();
    return stat(...args);
  }
);
fs.link = async (from, to) => {
  checkLost();
  await link(from, to);
  linked = fault()[0] === 'lost';
  checkLost();
};
syncBuiltinESMExports();
