import { describe, expect, it } from 'vitest';
import { captureObstacle, inject } from '../../../src/inject/index.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';

/**
 * (module (type (func)) (tag (type 0)) (func (block $caught (result exnref)? (try_table (CLAUSE $caught)) ..) drop?)), by hand
 * because no assembler here knows `try_table`. `clause`: kind and label; `block`: type of the block that it branches to.
 */
function moduleWith(clause: readonly number[], block: number): Uint8Array {
  const reference = block !== 0x40;
  const code = [
    ...[0x02, block, 0x1f, 0x40, 0x01, ...clause, 0x0b],
    ...(reference ? [0x00, 0x0b, 0x1a, 0x0b] : [0x0b, 0x0b]),
  ];
  return Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0],
    ...[13, 3, 1, 0, 0],
    ...[10, code.length + 3, 1, code.length + 1, 0, ...code],
  );
}

describe('captureObstacle', () => {
  it('is a handler that makes a reference of an exception, by function and offset', () => {
    const bytes = moduleWith([3, 0], 0x69);
    const offset = bytes.indexOf(0x1f);
    expect(captureObstacle(decodeModule(bytes))).toMatchObject({ functionIndex: 0, offset });
    expect(inject(decodeModule(bytes)).frames).toBeUndefined();
  });

  it('is nothing else about exceptions', () => {
    const module = decodeModule(moduleWith([2, 0], 0x40));
    expect(captureObstacle(module)).toBeUndefined();
    expect(inject(module).frames).toBeDefined();
  });
});
