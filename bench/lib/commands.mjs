/** Runs `ft-wasm` commands to their end and reads their statistics. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const MAIN = path.join(ROOT, 'dist/cli/main.js');

/** Only a shell can tell what a child cost: its own times, then those of its children, as `0m1.234s 0m0.056s`. */
const TIMED = '"$@" >/dev/null && times';

function cpuOf(times) {
  const [user, system] = times.trim().split('\n').at(-1).split(' ');
  const ms = (text) => 60_000 * Number.parseInt(text, 10) + 1000 * Number.parseFloat(text.split('m')[1]);
  return ms(user) + ms(system);
}

/** A folder for recordings and statistics. Call `remove` at the end. */
export class Commands {
  #folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-bench-'));
  recording = path.join(this.#folder, 'run.rec');

  /**
   * @param {readonly string[]} args of the guest's command line, flags first
   * @returns its statistics, `cpuMs`: processor time of all its threads, from start to end, and `totalMs`: time of the whole command
   */
  run(args) {
    return this.#command('run', args);
  }

  record(args) {
    return { ...this.#command('record', ['-o', this.recording, ...args]), fileBytes: statSync(this.recording).size };
  }

  /** Runs what was recorded last. */
  replay(...flags) {
    return this.#command('replay', [...flags, this.recording]);
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #command(name, args) {
    const file = path.join(this.#folder, 'stats.json');
    const times = timed([process.execPath, MAIN, name, '--stats', file, ...args]);
    return { ...JSON.parse(readFileSync(file, 'utf8')), ...times };
  }
}

/** Runs a command to its end, in the repository's root. @returns {{ cpuMs: number, totalMs: number }} as above */
export function timed(words) {
  const options = { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' };
  const start = performance.now();
  const times = execFileSync('bash', ['-c', TIMED, 'bash', ...words], options);
  return { cpuMs: cpuOf(times), totalMs: performance.now() - start };
}
