/** What the compiled engine does, and does not do, between the module's bytes and V8. */
import { describe, expect, it } from 'vitest';
import { CompiledEngine, type RewriteHelpers } from '../../src/engine/compiled/index.js';
import { LinkError } from '../../src/errors.js';
import { type DoneRange, type RewriteJob, type ScanJob, takeRanges, takeScans } from '../../src/inject/index.js';
import { PROVIDED } from '../../src/wasi/wasi.js';
import { assemble } from '../support/modules.js';

const WASI = 'wasi_snapshot_preview1';
const LARGE_BYTES = 1000;
const LARGE = assemble(`(module (func (export "run")) (func ${'(drop (i32.const 1))'.repeat(LARGE_BYTES)}))`);

/** In place of the last `drop` it leaves a value too many. */
const NOP = 0x01;

/** Help that notes what becomes of it. */
class Help implements RewriteHelpers {
  readonly codeBytesMin = LARGE_BYTES;
  readonly seen: string[] = [];

  constructor(private readonly done: (seen: string[]) => Promise<readonly DoneRange[]> | 'all' = () => 'all') {}

  start() {
    this.seen.push('start');
    return {
      help: {
        scan: async (job: ScanJob) => {
          this.seen.push('scan');
          return takeScans(structuredClone(job));
        },
        rewrite: async (job: RewriteJob) => {
          this.seen.push('rewrite');
          const done = await this.done(this.seen);
          return done === 'all' ? takeRanges(structuredClone(job)) : done;
        },
      },
      close: () => void this.seen.push('close'),
    };
  }
}

describe('preparing a module', () => {
  it('refuses what does not link before it is rewritten', async () => {
    const module = assemble(`(module
      (import "${WASI}" "proc_exit" (func (param i32)))
      (import "${WASI}" "fd_teleport" (func))
      (import "env" "memory" (memory 1)) (func nop))`);
    const seen: number[] = [];
    const refusal = new CompiledEngine().prepare(module, (done) => seen.push(done), PROVIDED);
    await expect(refusal).rejects.toThrow(
      /does not provide: wasi_snapshot_preview1\.fd_teleport, env\.memory \(memory\)/,
    );
    await expect(refusal).rejects.toBeInstanceOf(LinkError);
    expect(seen).toEqual([]);
  });

  it('refuses a call of another type before it is rewritten', async () => {
    const module = assemble(`(module (import "${WASI}" "proc_exit" (func (param i64))))`);
    await expect(new CompiledEngine().prepare(module, undefined, PROVIDED)).rejects.toThrow(/proc_exit is imported as/);
  });

  it('says first that a module is not valid', async () => {
    const module = assemble('(module (import "env" "none" (func)) (func (export "run") (drop (i32.const 1))))');
    module[module.length - 2] = NOP;
    await expect(new CompiledEngine().prepare(module, undefined, PROVIDED)).rejects.not.toBeInstanceOf(LinkError);
  });

  it('has help with large modules only', async () => {
    const help = new Help();
    await new CompiledEngine({ helpers: help }).prepare(assemble('(module (func (export "run")))'));
    expect(help.seen).toEqual([]);
    await new CompiledEngine({ helpers: help }).prepare(LARGE);
    expect(help.seen).toEqual(['start', 'scan', 'rewrite', 'close']);
  });

  it('lets helpers go when the module is refused', async () => {
    const help = new Help();
    const broken = LARGE.slice();
    broken[broken.length - 2] = NOP;
    await expect(new CompiledEngine({ helpers: help }).prepare(broken)).rejects.toThrow();
    expect(help.seen).toEqual(['start', 'close']);
  });

  it('does without help that fails', async () => {
    const help = new Help(() => Promise.reject(new Error('no thread')));
    const prepared = await new CompiledEngine({ helpers: help }).prepare(LARGE);
    expect(prepared.exports.map(({ name }) => name)).toEqual(['run']);
    expect(help.seen).toEqual(['start', 'scan', 'rewrite', 'close']);
  });
});
