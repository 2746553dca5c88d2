/** Runs `ft-wasm` commands to their end and reads their statistics. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const MAIN = path.join(ROOT, 'dist/cli/main.js');

/** A folder for recordings and statistics. Call `remove` at the end. */
export class Commands {
  #folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-bench-'));
  recording = path.join(this.#folder, 'run.rec');

  /** @param {readonly string[]} args of the guest's command line, flags first @returns its statistics */
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
    const words = [MAIN, name, '--stats', file, ...args];
    execFileSync(process.execPath, words, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
    return JSON.parse(readFileSync(file, 'utf8'));
  }
}
