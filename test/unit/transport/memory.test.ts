import { expect, it } from 'vitest';
import { ChannelError } from '../../../src/errors.js';
import type { Channel } from '../../../src/transport/channel.js';
import { type Frame, FrameType } from '../../../src/transport/frame.js';
import { MemoryChannelPair } from '../../../src/transport/memory.js';

const frame = (epoch: number, bytes = 1): Frame => ({
  type: FrameType.Peer,
  epoch,
  payload: new Uint8Array(bytes),
});

/** Starts a channel that writes what happens to it into `log`. */
function observe(channel: Channel, name: string, log: string[]): void {
  channel.start({
    onFrame: ({ epoch }) => log.push(`${name} frame ${epoch}`),
    onClose: ({ kind, error }) => log.push(`${name} ${kind}${error === undefined ? '' : `: ${error.message}`}`),
    onDrain: () => log.push(`${name} drain`),
  });
}

function observedPair(bufferedBytesHigh?: number): { pair: MemoryChannelPair; log: string[] } {
  const pair = new MemoryChannelPair({ bufferedBytesHigh });
  const log: string[] = [];
  observe(pair.a, 'a', log);
  observe(pair.b, 'b', log);
  return { pair, log };
}

it('moves nothing until told to, then everything in order', () => {
  const { pair, log } = observedPair();
  pair.a.send(frame(1));
  pair.b.send(frame(2));
  pair.a.send(frame(3));
  expect(log).toEqual([]);
  expect(pair.deliver()).toBe(3);
  expect(log).toEqual(['b frame 1', 'b frame 3', 'a frame 2']);
});

it('holds frames back while the receiver is paused', () => {
  const { pair, log } = observedPair();
  pair.b.pause();
  pair.a.send(frame(1));
  expect(pair.deliver()).toBe(0);
  pair.b.resume();
  expect(pair.deliver()).toBe(1);
  expect(log).toEqual(['b frame 1']);
});

it('says when it is full and when it has room again', () => {
  const { pair, log } = observedPair(10);
  expect(pair.a.send(frame(1, 10))).toBe(true);
  expect(pair.a.send(frame(2, 1))).toBe(false);
  expect(pair.a.bufferedBytes).toBe(11);
  pair.deliver();
  expect(pair.a.bufferedBytes).toBe(0);
  expect(log).toEqual(['b frame 1', 'b frame 2', 'a drain']);
});

it('delivers what was sent before a close, then closes both ends', () => {
  const { pair, log } = observedPair();
  pair.a.send(frame(1));
  pair.a.close();
  expect(pair.a.isOpen).toBe(false);
  expect(pair.a.send(frame(2))).toBe(false);
  pair.deliver();
  expect(log).toEqual(['b frame 1', 'a local', 'b ended']);
});

it('loses what was not delivered when the link breaks', () => {
  const { pair, log } = observedPair();
  pair.a.send(frame(1));
  pair.break(new ChannelError('FTW_CHANNEL', 'cut'));
  pair.deliver();
  expect(log).toEqual(['a broken: cut', 'b broken: cut']);
});

it('moves by itself if it is given a way to run things later, one run for all that happens at once', () => {
  const log: string[] = [];
  const runs: (() => void)[] = [];
  const pair = new MemoryChannelPair({ bufferedBytesHigh: 2, later: (run) => runs.push(run) });
  pair.a.send(frame(1));
  observe(pair.a, 'a', log);
  expect(pair.a.send(frame(2, 5))).toBe(false);
  observe(pair.b, 'b', log);
  expect([log, runs.length]).toEqual([[], 1]);
  runs.pop()?.();
  expect(log).toEqual(['b frame 1', 'b frame 2', 'a drain']);
  pair.b.pause();
  pair.a.send(frame(3));
  runs.pop()?.();
  expect(log).toHaveLength(3);
  pair.b.resume();
  pair.a.close();
  runs.pop()?.();
  expect(log.slice(3)).toEqual(['b frame 3', 'a local', 'b ended']);
  expect(runs).toEqual([]);
});
