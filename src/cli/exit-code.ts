/** How an error ends the command: its exit code and its one line. */
import { EXIT_CODES, FtWasmError, startErrorExitCode } from '../index.js';

/** The exit code for `error`; anything that is not an operating error is a bug of ours. */
export function exitCodeOf(error: unknown): number {
  return error instanceof FtWasmError ? startErrorExitCode(error.code) : EXIT_CODES.internal;
}

/** One line for the user: `ft-wasm: <message> [CODE]`, never a stack trace. */
export function errorLine(error: unknown): string {
  if (error instanceof FtWasmError) return `ft-wasm: ${error.message} [${error.code}]`;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `ft-wasm: internal error, please report it: ${message} [FTW_INTERNAL]`;
}
