import { describe, expect, it } from 'vitest';
import { OUTPUT_WINDOW_BYTES, StreamTable } from '../../../src/runtime/guest/streams.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const string = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function openStream(): StreamTable {
  const streams = new StreamTable(2);
  streams.open(11, 1);
  return streams;
}

describe('stream table', () => {
  it('hands connections to the listener they came in on, once', () => {
    const streams = openStream();
    expect([streams.pendingAccepts(0), streams.pendingAccepts(1)]).toEqual([0, 1]);
    expect(streams.accept(1)).toBe(11);
    expect(streams.accept(1)).toBeUndefined();
  });

  it('returns bytes across chunks and keeps what was not taken', () => {
    const streams = openStream();
    for (const chunk of ['abc', 'def', 'g']) streams.data(11, text(chunk));
    expect(streams.readable(11)).toBe(7);
    expect(string(streams.receive(11, 2, false))).toBe('ab');
    expect(string(streams.receive(11, 3, true))).toBe('cde');
    expect(string(streams.receive(11, 100, false))).toBe('cdefg');
    expect(streams.readable(11)).toBe(0);
    expect(streams.receive(11, 100, false)).toHaveLength(0);
  });

  it('copies what arrives, because ring memory is reused', () => {
    const streams = openStream();
    const chunk = text('abc');
    streams.data(11, chunk);
    chunk.fill(0);
    expect(string(streams.receive(11, 3, false))).toBe('abc');
  });

  it('closes the output window at its size and opens it by credits', () => {
    const streams = openStream();
    expect(streams.writable(11)).toBe(OUTPUT_WINDOW_BYTES);
    streams.sent(11, OUTPUT_WINDOW_BYTES);
    expect(streams.writable(11)).toBe(0);
    streams.credit(11, 10);
    expect(streams.writable(11)).toBe(10);
  });

  it('counts taken input and reports it in steps', () => {
    const streams = openStream();
    streams.data(11, new Uint8Array(100));
    streams.receive(11, 60, false);
    expect(streams.takenAtLeast(11, 64)).toBe(0);
    streams.receive(11, 10, false);
    expect(streams.takenAtLeast(11, 64)).toBe(70);
    expect(streams.takenAtLeast(11, 64)).toBe(0);
  });

  it('treats a stream it never saw as reset: its connection died with another replica', () => {
    const streams = openStream();
    expect(streams.isReset(11)).toBe(false);
    expect(streams.isReset(99)).toBe(true);
    expect(streams.writable(99)).toBe(0);
  });

  it('drops unread input at a reset, and everything after the guest has closed', () => {
    const streams = openStream();
    streams.data(11, text('abc'));
    streams.reset(11);
    expect([streams.isReset(11), streams.readable(11)]).toEqual([true, 0]);
    streams.forget(11);
    streams.data(11, text('late'));
    expect(streams.readable(11)).toBe(0);
  });
});
