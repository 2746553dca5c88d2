/** Builds the guests written in Go, where Go is installed: their modules of several megabytes are not in the repository. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './guests.js';
import { temporaryFolder } from './modules.js';

export const GO_BUILD_MS = 240_000;

export function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Builds `guests/<name>`; returns the module's path. */
export function buildGo(name: string): string {
  const output = path.join(temporaryFolder(), `${name}.wasm`);
  execFileSync('go', ['build', '-trimpath', '-o', output, '.'], {
    cwd: path.join(ROOT, 'guests', name),
    env: { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod' },
  });
  return output;
}
