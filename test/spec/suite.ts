/** The core specification's test suite: where it is, and its scripts as commands (by wabt's wast2json). */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const SUITE = process.env['WASM_SPEC_SUITE'] ?? path.resolve(ROOT, '../shared/spec/wasm-2.0-core.tar.xz');

/** A value of a script: bits as decimal text, or a NaN class, or a list of lanes. */
export interface ScriptValue {
  readonly type: string;
  readonly lane_type?: string;
  readonly value?: string | readonly string[];
}

export interface Action {
  readonly type: 'invoke' | 'get';
  readonly module?: string;
  readonly field: string;
  readonly args?: readonly ScriptValue[];
}

export interface Command {
  readonly type: string;
  readonly line: number;
  readonly name?: string;
  readonly as?: string;
  readonly filename?: string;
  readonly module_type?: string;
  readonly text?: string;
  readonly action?: Action;
  readonly expected?: readonly ScriptValue[];
}

export interface Script {
  readonly name: string;
  readonly commands: readonly Command[];
  /** The bytes of a module that a command names. */
  bytes(filename: string): Uint8Array;
}

/** Why the suite cannot run here, undefined if it can. */
export function missing(): string | undefined {
  if (!existsSync(SUITE)) return 'the suite is absent (set WASM_SPEC_SUITE to its tar file)';
  try {
    execFileSync('wast2json', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'wast2json is not installed (Debian package wabt)';
  }
}

/** Unpacks the suite into a temporary folder, which `dispose` removes. */
export class Suite {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-spec-'));

  constructor() {
    execFileSync('tar', ['xf', SUITE, '-C', this.folder]);
  }

  names(): string[] {
    const files = readdirSync(this.folder).filter((file) => file.endsWith('.wast'));
    return files.map((file) => path.basename(file, '.wast')).sort();
  }

  load(name: string): Script {
    const json = path.join(this.folder, `${name}.json`);
    execFileSync('wast2json', [path.join(this.folder, `${name}.wast`), '-o', json]);
    const { commands } = JSON.parse(readFileSync(json, 'utf8')) as { commands: Command[] };
    const bytes = (filename: string) => new Uint8Array(readFileSync(path.join(this.folder, filename)));
    return { name, commands, bytes };
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
