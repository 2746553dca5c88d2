import { describe, expect, it } from 'vitest';
import { MemoryInput, MemoryNetwork, memoryServices, SeededEntropy } from '../../../src/host/memory.js';

describe('the fake network', () => {
  it('hands bytes over once, and peeks without taking', () => {
    const network = new MemoryNetwork();
    const stream = network.connect();
    expect(network.pendingAccepts(0)).toBe(1);
    expect(network.accept(0)).toBe(stream);
    expect(network.accept(0)).toBeUndefined();
    network.push(stream, 'abc');
    expect([...network.receive(stream, 2, true)]).toEqual([97, 98]);
    expect([...network.receive(stream, 2)]).toEqual([97, 98]);
    expect(network.readable(stream)).toBe(1);
  });

  it('knows nothing of streams that somebody else accepted', () => {
    const network = new MemoryNetwork();
    expect([network.isReset(99), network.ended(99), network.readable(99), network.writable(99)]).toEqual([
      true,
      true,
      0,
      0,
    ]);
  });
});

describe('the other fakes', () => {
  it('repeat themselves', () => {
    expect(new SeededEntropy(5).bytes(8)).toEqual(new SeededEntropy(5).bytes(8));
    expect(new SeededEntropy(5).bytes(8)).not.toEqual(new SeededEntropy(6).bytes(8));
  });

  it('say when there is no input yet', () => {
    const input = new MemoryInput('ab');
    expect(input.read(1)).toEqual(Uint8Array.of(97));
    expect(input.read(5)).toEqual(Uint8Array.of(98));
    expect(input.read(5)).toBeUndefined();
    input.closed = true;
    expect(input.read(5)).toHaveLength(0);
  });

  it('refuse to wait for what will never come', () => {
    expect(() => memoryServices().waiter.wait(undefined)).toThrow('nothing more is going to happen');
  });
});
