/**
 * A replica that dies at any entry of a run on shared storage, before or after it acted: the next one continues from the log
 * on the same storage, and everything comes out as if nobody had died.
 */
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/log/entry.js';
import { ERRNO, FDFLAGS, OFLAGS, WHENCE } from '../../../src/wasi/abi.js';
import { exportState } from '../../../src/wasi/snapshot.js';
import type { Files } from './files-harness.js';
import { contents, type SharedGuest, sharedGuest, storage } from './shared-harness.js';

/** Uses every call that changes something, so that doing it twice or never would show. */
function* scenario(f: Files): Generator<unknown> {
  yield f.mkdir('d');
  const exclusive = { oflags: OFLAGS.CREAT | OFLAGS.EXCL };
  const a = f.open('d/a', exclusive);
  yield a;
  yield f.write(a, 'hello ');
  yield f.write(a, 'world');
  const log = f.open('log', { oflags: OFLAGS.CREAT, fdflags: FDFLAGS.APPEND });
  for (const line of ['1\n', '2\n', '3\n']) yield f.write(log, line);
  yield f.pread(log, 0n);
  yield f.rename('d', 'e');
  yield f.pread(a, 0n);
  yield f.link('e/a', 'hard');
  yield f.symlink('e/a', 'soft');
  yield f.content('soft');
  yield f.h.call('fd_allocate', a, 0n, 20n);
  yield f.h.call('fd_filestat_set_size', a, 8n);
  yield f.seek(a, 0n, WHENCE.END);
  yield f.unlink('hard');
  yield f.rename('log', 'log.old');
  yield f.write(log, '4\n');
  yield f.open('log', exclusive);
  yield f.open('log', exclusive);
  yield f.open('e/a', { oflags: OFLAGS.TRUNC });
  yield f.list();
  yield f.h.call('fd_close', a);
  yield f.mkdir('empty');
  yield f.rmdir('empty');
  yield f.rmdir('empty');
}

class Death extends Error {}

/** What the calls returned, until the replica dies. */
function run({ files }: SharedGuest): unknown[] {
  const results: unknown[] = [];
  try {
    for (const result of scenario(files)) results.push(result);
  } catch (error) {
    if (!(error instanceof Death)) throw error;
  }
  return results;
}

/** Dies once it has acted for entry `index`, but before anybody hears of it. */
function dieBehind(guest: SharedGuest, index: number): void {
  const { entries } = guest.files.h;
  const push = entries.push.bind(entries);
  entries.push = (...added: Entry[]) => {
    if (entries.length === index) throw new Death();
    return push(...added);
  };
}

/** Dies while it waits to act for entry `index`. */
function dieBefore(guest: SharedGuest, index: number): void {
  const wait = guest.services.barrier.waitReleased.bind(guest.services.barrier);
  guest.services.barrier.waitReleased = (event) => {
    if (guest.files.h.entries.length === index) throw new Death();
    wait(event);
  };
}

const undisturbed = storage();
const first = sharedGuest(undisturbed);
const expected = run(first);
const expectedContents = contents(undisturbed);
const { entries } = first.files.h;
const changes = new Set(first.services.barrier.events);

describe('a run on shared storage', () => {
  it('does something', () => {
    expect(expectedContents).toEqual({ 'e/': '', 'e/a': '', log: '', 'log.old': '1\n2\n3\n4\n', soft: '-> e/a' });
    expect(expected.slice(-2)).toEqual([0, ERRNO.NOENT]);
    expect(expected).toContain(-ERRNO.EXIST);
  });

  it.each(entries.map((_entry, index) => index))('goes on when a replica dies behind entry %i', (index) => {
    const root = storage();
    const dying = sharedGuest(root);
    dieBehind(dying, index);
    run(dying);
    expectContinuation(root, dying.files.h.entries);
  });

  it.each([...changes])('goes on when a replica dies before the change behind entry %i', (index) => {
    const root = storage();
    const dying = sharedGuest(root);
    dieBefore(dying, index);
    run(dying);
    expectContinuation(root, dying.files.h.entries);
  });

  it('is replayed without storage', () => {
    const replay = sharedGuest('/nowhere', entries);
    expect(run(replay)).toEqual(expected);
    expect(exportState(replay.files.h.wasi.state)).toEqual(exportState(first.files.h.wasi.state));
  });
});

function expectContinuation(root: string, log: readonly Entry[]): void {
  const next = sharedGuest(root, log.slice());
  expect(run(next)).toEqual(expected);
  expect(contents(root)).toEqual(expectedContents);
}
