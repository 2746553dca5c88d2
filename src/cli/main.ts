#!/usr/bin/env node
/** The executable: connects {@link run} to this process. */
import { run } from './run.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** Whatever still holds the event loop after the command has ended is cut after this time. */
const LINGER_MS = 1_000;

process.exitCode = await run(process.argv.slice(2), {
  stdin: readStdin(),
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
setTimeout(() => process.exit(), LINGER_MS).unref();

/** Leaves standard input alone until somebody reads it. */
async function* readStdin(): AsyncGenerator<Uint8Array> {
  yield* process.stdin;
}
