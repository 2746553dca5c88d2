/** `ft-wasm` run to its end as other programs run it: bytes in, bytes out, exit code. */
import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ROOT } from './cli-process.js';

export const MAIN = path.join(ROOT, 'dist/cli/main.js');
/** Only turns a hang into a failure. */
const DEADLINE_MS = 50_000;

export interface CommandResult {
  /** Exit code, or the name of the signal that ended it. */
  readonly code: number | string;
  /** Bytes as latin1, so that nothing is lost. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `ft-wasm ...args`; `input` is its standard input (none: the null device). */
export function command(args: readonly string[], input?: string | Uint8Array): Promise<CommandResult> {
  return runProgram(process.execPath, [MAIN, ...args], input);
}

/** Runs a shell script in which `$FT` stands for `ft-wasm`. */
export function shell(script: string): Promise<CommandResult> {
  return runProgram('bash', ['-c', script], undefined, { env: { ...process.env, FT: `${process.execPath} ${MAIN}` } });
}

/** Runs any program. */
export async function runProgram(
  program: string,
  args: readonly string[],
  input: string | Uint8Array | undefined,
  options: SpawnOptions = {},
): Promise<CommandResult> {
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const child = spawn(program, args, { cwd: ROOT, ...options, stdio: [stdin, 'pipe', 'pipe'] });
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('latin1').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // A guest may end before it has read everything.
  child.stdin?.on('error', () => {}).end(input);
  const [code, signal] = await once(child, 'close');
  clearTimeout(deadline);
  return { code: code ?? signal, ...output };
}
