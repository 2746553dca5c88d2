/** The corpus in guests/: where its modules are, their bytes, and the engines that run them. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CompiledEngine } from '../../src/engine/compiled/index.js';
import type { Engine } from '../../src/engine/engine.js';
import { interpreterEngine } from './interpreter.js';
import { assemble } from './wat.js';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

export interface EngineUnderTest {
  readonly name: string;
  /** Whether the counter is exact where a trap happened, not only at calls and at the end (src/engine/engine.ts). */
  readonly exactTraps: boolean;
  /** Whether it runs exception handling; an engine that does not refuses such modules by name and offset. */
  readonly exceptions: boolean;
  make(): Promise<Engine>;
}

export const ENGINES: readonly EngineUnderTest[] = [
  { name: 'compiled', exactTraps: false, exceptions: true, make: async () => new CompiledEngine() },
  { name: 'interpreter', exactTraps: true, exceptions: false, make: async () => interpreterEngine() },
];

/** A row of guests/kernels/manifest.json. The command line is `module ...args REPEATS`. */
export interface Kernel {
  readonly name: string;
  readonly language: 'c' | 'assemblyscript';
  readonly half: 'training' | 'heldout';
  readonly category: 'int' | 'float' | 'call-heavy' | 'memory' | 'simd';
  readonly module: string;
  readonly args: readonly string[];
  /** Repetitions that take V8 about 0.2 s. */
  readonly repeats: number;
  /** What one repetition prints, 8 hexadecimal digits. Each further one works on other data. */
  readonly checksum: string;
}

export function kernels(): readonly Kernel[] {
  return (JSON.parse(readGuest('guests/kernels/manifest.json').toString()) as { kernels: Kernel[] }).kernels;
}

/** The bytes of a file of the repository. @throws Error that says how to build it, if it is built and missing */
export function readGuest(file: string): Buffer {
  const full = path.join(ROOT, file);
  if (!existsSync(full)) throw new Error(`${file} is missing: run \`npm run build\``);
  return readFileSync(full);
}

/** A module of the corpus, assembled first if it is text. */
export async function loadGuest(file: string): Promise<Uint8Array> {
  const bytes = readGuest(file);
  return file.endsWith('.wat') ? assemble(file, bytes.toString()) : bytes;
}
