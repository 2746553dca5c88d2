/** How an error ends the command: its exit code and its text. */
import { EXIT_CODES, errorExitCode, FtWasmError } from '../index.js';

/** The exit code for `error`; anything that is not an operating error is a bug of ours. */
export function exitCodeOf(error: unknown): number {
  return error instanceof FtWasmError ? errorExitCode(error.code) : EXIT_CODES.internal;
}

/** What the user reads: one line, `ft-wasm: <message> [CODE]`; a bug of ours comes with its stack, for the report. */
export function errorText(error: unknown): string {
  if (error instanceof FtWasmError) return `ft-wasm: ${error.message} [${error.code}]\n`;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `ft-wasm: internal error, please report it [FTW_INTERNAL]\n${stack}\n`;
}
