/** Output of commands that may print a lot, to a reader that may go away before the end. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Writes the chunks in order, no faster than they are taken. Ends quietly when the reader goes away. */
export async function writeAll(stdout: Writable, chunks: AsyncIterable<string>): Promise<void> {
  let gone = false;
  const onError = (): void => {
    gone = true;
  };
  stdout.on('error', onError);
  try {
    for await (const chunk of chunks) {
      if (gone || stdout.destroyed) return;
      if (!stdout.write(chunk)) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(onError);
    }
  } finally {
    // A write may still fail after the last one was handed over.
    stdout.write('', () => stdout.off('error', onError));
  }
}
