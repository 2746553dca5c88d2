/** A module that was rewritten before: the second start takes it from the cache, and behaves the same. */
import { describe, expect, it } from 'vitest';
import { CompiledEngine, type RewrittenCache } from '../../src/engine/compiled/index.js';
import { assemble } from '../support/modules.js';
import { instanceOptions } from './contract-support.js';

class MemoryCache implements RewrittenCache {
  readonly kept = new Map<string, Uint8Array>();
  hits = 0;

  load(key: string): Uint8Array | undefined {
    const found = this.kept.get(key);
    if (found !== undefined) this.hits++;
    return found;
  }

  store(key: string, parts: readonly Uint8Array[]): void {
    this.kept.set(key, new Uint8Array(Buffer.concat(parts)));
  }
}

const TEXT = `(module (import "host" "call" (func $call)) (memory 1)
  (func $sum (param i32) (result i32)
    (call $call)
    (if (result i32) (local.get 0)
      (then (i32.add (local.get 0) (call $sum (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func (export "run") (result i32) (call $sum (i32.const 9)))
  (func (export "trap") (drop (i32.load (i32.const -1)))))`;

async function instantiate(cache: RewrittenCache) {
  const prepared = await new CompiledEngine({ cache }).prepare(assemble(TEXT));
  let captureAt = Number.POSITIVE_INFINITY;
  let calls = 0;
  const call = () => {
    if (++calls === captureAt) instance.requestCapture!();
    return undefined;
  };
  const instance = prepared.instantiate(instanceOptions({ call }));
  const setCapture = (at: number) => {
    captureAt = at;
  };
  return { instance, captureAt: setCapture };
}

describe('rewritten modules from a cache', () => {
  it('run, trap and are captured like new ones', async () => {
    const cache = new MemoryCache();
    const fresh = await instantiate(cache);
    const cached = await instantiate(cache);
    expect(cache.hits).toBe(1);
    expect(cached.instance.call('run', [])).toEqual(fresh.instance.call('run', []));
    const trapped = fresh.instance.call('trap', []);
    expect(trapped).toMatchObject({ kind: 'trapped', functionIndex: 3 });
    expect(cached.instance.call('trap', [])).toEqual(trapped);
    cached.captureAt(15);
    expect(cached.instance.call('run', [])).toMatchObject({ kind: 'captured' });
    expect(cached.instance.state!().frames).toHaveLength(6);
    expect(cached.instance.resume!()).toMatchObject({ kind: 'returned', values: [45] });
  });

  it.each([
    ['empty', () => new Uint8Array()],
    ['cut', (payload: Uint8Array) => payload.subarray(0, payload.length >> 1)],
    ['of nonsense', (payload: Uint8Array) => payload.map((byte) => byte ^ 0x55)],
  ])('are made anew when an entry is %s', async (_what, damage) => {
    const cache = new MemoryCache();
    await instantiate(cache);
    const [[key, payload]] = [...cache.kept] as [[string, Uint8Array]];
    cache.kept.set(key, damage(payload));
    const { instance } = await instantiate(cache);
    expect(instance.call('run', [])).toMatchObject({ values: [45] });
    expect(cache.kept.get(key)).toEqual(payload);
  });

  it('are kept apart by what was injected', async () => {
    const cache = new MemoryCache();
    const inject = { depth: true, preemption: true, canonicalNans: true, capture: false };
    await instantiate(cache);
    await new CompiledEngine({ cache, inject }).prepare(assemble(TEXT));
    expect([cache.hits, cache.kept.size]).toEqual([0, 2]);
  });
});
