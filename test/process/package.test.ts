/** The package as users get it: packed, installed into an empty project, and the README's example run there. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../support/cli-process.js';
import { temporaryFolder } from '../support/modules.js';
import { KV } from '../support/replicas.js';

const run = promisify(execFile);

/** An empty project with the packed package in it. Its dependencies come from this checkout: no network is needed. */
async function installPacked(): Promise<string> {
  const project = temporaryFolder();
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', project], {
    cwd: ROOT,
  });
  const installed = path.join(project, 'node_modules/ft-wasm');
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', path.join(project, stdout.trim()), '-C', installed, '--strip-components=1']);
  const { dependencies } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    const link = path.join(project, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules', name), link);
  }
  writeFileSync(path.join(project, 'package.json'), '{ "type": "module" }');
  return project;
}

it("runs the README's library example from a packed tarball", async () => {
  const project = await installPacked();
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const example = /```js\n([\s\S]*?)```/.exec(readme)![1]!;
  writeFileSync(path.join(project, 'example.mjs'), example);
  const { stdout, stderr } = await run(process.execPath, ['example.mjs', KV], {
    cwd: project,
    timeout: 40_000,
    killSignal: 'SIGKILL',
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^listening .*"kind":"gateway"/m);
  expect(stdout).toMatch(/^backup-joined /m);
  expect(stdout).toMatch(/^ended with 0: /m);
});

it('has the command, the types and the documents in it', async () => {
  const project = await installPacked();
  const main = path.join(project, 'node_modules/ft-wasm/dist/cli/main.js');
  expect((await run(process.execPath, [main, '--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/index.d.ts', 'dist/cli/main.js']) {
    expect(readFileSync(path.join(project, 'node_modules/ft-wasm', file)).length).toBeGreaterThan(0);
  }
});
