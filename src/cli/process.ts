/** Connects {@link run} to this process. */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errorText, exitCodeOf } from './exit-code.js';
import { run } from './run.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** Whatever still holds the event loop after the command has ended is cut after this time. */
const LINGER_MS = 1_000;

let stdinIsRead = false;

// A reader that went away (`ft-wasm ... | head`) is no reason to stop a service.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
// A broken invariant stops the replica (design: a stopped one can be replaced, a wrong one spreads).
process.on('uncaughtException', (error) => {
  process.stderr.write(errorText(error));
  process.exit(exitCodeOf(error));
});

process.exitCode = await run(process.argv.slice(2), {
  stdin: readStdin(),
  stdinIsFile: isFile(0),
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  onSignal(callback) {
    // Once: a second signal has its usual effect, for those who cannot wait.
    for (const signal of SIGNALS) process.once(signal, callback);
    return () => {
      for (const signal of SIGNALS) process.off(signal, callback);
    };
  },
});
// A reader that waits for input which nobody wants any more would keep the process alive.
if (stdinIsRead) process.stdin.destroy();
setTimeout(() => process.exit(), LINGER_MS).unref();

/** Leaves standard input alone until somebody reads it. */
async function* readStdin(): AsyncGenerator<Uint8Array> {
  stdinIsRead = true;
  yield* process.stdin;
}

/** Files, and devices such as /dev/null, are always ready to be read. */
function isFile(fd: number): boolean {
  try {
    const status = fstatSync(fd);
    return status.isFile() || (status.isCharacterDevice() && !isatty(fd));
  } catch {
    return false;
  }
}
