import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { FtWasmError } from '../../../src/errors.js';
import { memoryServices } from '../../../src/host/memory.js';
import { Session } from '../../../src/record/session.js';
import { CLOCK, OFLAGS } from '../../../src/wasi/abi.js';
import { exportState, importState, type WasiSnapshot } from '../../../src/wasi/snapshot.js';
import { createWasi } from '../../../src/wasi/wasi.js';
import { Files, files, text } from './files-harness.js';
import { Harness } from './harness.js';

const OUT = 64;

/** A guest with something in every part of its state. */
function used(): Files {
  const f = files([text('d/a', 'hello'), { path: 'l', kind: 'symlink', target: 'd/a' }]);
  const { h } = f;
  h.call('clock_time_get', CLOCK.REALTIME, 0n, OUT);
  h.call('random_get', OUT, 20);
  f.write(f.create('new'), 'content');
  f.link('new', 'd/other');
  f.read(f.open('l'), 2);
  f.readdir(f.open('d', { oflags: OFLAGS.DIRECTORY }), 0n);
  h.call('fd_close', 0);
  return f;
}

/** Through bytes, as a real snapshot goes. */
function packed(snapshot: WasiSnapshot): WasiSnapshot {
  const packr = new Packr({ useRecords: false });
  return packr.unpack(new Uint8Array(packr.pack(snapshot)));
}

describe('a state', () => {
  it('survives export, packing and import', () => {
    const { state } = used().h.wasi;
    const copy = importState(packed(exportState(state)));
    expect(exportState(copy)).toEqual(exportState(state));
  });

  it('is a copy that the running guest does not change', () => {
    const f = used();
    const snapshot = exportState(f.h.wasi.state);
    const before = structuredClone(snapshot);
    f.write(f.open('new'), 'CHANGED');
    f.unlink('l');
    f.h.call('random_get', OUT, 5);
    expect(snapshot).toEqual(before);
  });

  it('continues where it was: files, descriptors, random stream', () => {
    const original = used();
    const state = importState(packed(exportState(original.h.wasi.state)));
    const restored = new Files(new Harness({ config: { preopens: [] }, state }));
    for (const f of [original, restored]) {
      expect(f.read(5)).toBe('llo');
      expect(f.content('d/other')).toBe('content');
      expect(f.create('next')).toBe(0);
      f.h.call('random_get', 512, 16);
    }
    expect(restored.h.bytes.slice(512, 528)).toEqual(original.h.bytes.slice(512, 528));
    expect(exportState(restored.h.wasi.state)).toEqual(exportState(original.h.wasi.state));
  });

  it('of another version is refused by name', () => {
    const snapshot = { ...exportState(used().h.wasi.state), version: 99 };
    expect(() => importState(snapshot)).toThrow(FtWasmError);
    expect(() => importState(snapshot)).toThrow('the WASI state has version 99; this program reads 3');
  });
});

it('a new guest starts from its configuration', () => {
  const session = new Session({ sink: { append: () => undefined } });
  const { state } = createWasi({ listeners: 2 }, memoryServices(2), session);
  expect(state.descriptors.map((descriptor) => descriptor?.kind)).toEqual([
    'stdio',
    'stdio',
    'stdio',
    'listener',
    'listener',
  ]);
});
