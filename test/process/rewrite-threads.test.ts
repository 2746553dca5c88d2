/** Real threads rewrite a real program: the result is that of one thread. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_INJECT_OPTIONS, inject, injectTogether, type RewriteHelp } from '../../src/inject/index.js';
import type { rewriteThreads as Threads } from '../../src/runtime/node/rewrite-threads.js';
import { decodeModule } from '../../src/wasm/decode/index.js';
import { ROOT, readGuest } from '../support/guests.js';

const BUILT = path.join(ROOT, 'dist/runtime/node/rewrite-threads.js');
const { rewriteThreads } = (await import(BUILT)) as { rewriteThreads: typeof Threads };
const module = decodeModule(readGuest('guests/sqlite/sqlite.wasm'));
const RANGE_BYTES = 1 << 14;

describe('threads that help to rewrite', () => {
  it('make what one thread makes', async () => {
    const helper = rewriteThreads.start();
    // All ranges are claimed before the caller takes any, so that nothing depends on who is quicker.
    const claimed = <Job extends { progress: Int32Array; starts: Uint32Array }>(job: Job): Job => {
      Atomics.add(job.progress, 0, job.starts.length);
      return { ...job, progress: new Int32Array(new SharedArrayBuffer(8)) };
    };
    const help: RewriteHelp = {
      scan: (job) => helper.help.scan(claimed(job)),
      rewrite: (job) => helper.help.rewrite(claimed(job)),
    };
    try {
      const together = await injectTogether(module, DEFAULT_INJECT_OPTIONS, help, RANGE_BYTES);
      expect(Buffer.compare(together.bytes, inject(module).bytes)).toBe(0);
    } finally {
      helper.close();
    }
  });

  it('are not waited for when they have ended', async () => {
    const helper = rewriteThreads.start();
    helper.close();
    const together = await injectTogether(module, DEFAULT_INJECT_OPTIONS, helper.help, RANGE_BYTES);
    expect(Buffer.compare(together.bytes, inject(module).bytes)).toBe(0);
  });
});
