import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { CloseReason } from '../../../src/transport/channel.js';
import { encodeFrame, type Frame, FrameType } from '../../../src/transport/frame.js';
import { crc32 } from '../../../src/transport/node/crc32.js';
import { dialTcp, listenTcp } from '../../../src/transport/node/tcp.js';
import type { TcpChannel, TcpChannelOptions } from '../../../src/transport/node/tcp-channel.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

const LOCAL = { host: '127.0.0.1', port: 0 };

/** A listener on a free port and a way to get its next channel. */
async function listen(options?: TcpChannelOptions) {
  const accepted: TcpChannel[] = [];
  let wake = (): void => {};
  const listener = await listenTcp(
    LOCAL,
    (channel) => {
      accepted.push(channel);
      cleanups.push(() => channel.destroy());
      wake();
    },
    options,
  );
  cleanups.push(() => listener.close());
  const next = async (): Promise<TcpChannel> => {
    while (accepted.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return accepted.shift()!;
  };
  return { address: listener.address, listener, next };
}

async function connected(options?: TcpChannelOptions): Promise<{ near: TcpChannel; far: TcpChannel }> {
  const server = await listen(options);
  const near = await dialTcp(server.address, options);
  cleanups.push(() => near.destroy());
  return { near, far: await server.next() };
}

/** Starts a channel; frames and the close reason can be awaited. */
function observe(channel: TcpChannel, onDrain?: () => void) {
  const frames: Frame[] = [];
  let wake = (): void => {};
  const closed = new Promise<CloseReason>((resolve) => {
    channel.start({
      onFrame(frame) {
        frames.push(frame);
        wake();
      },
      onClose: resolve,
      onDrain,
    });
  });
  const received = async (count: number): Promise<Frame[]> => {
    while (frames.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return frames;
  };
  return { frames, received, closed };
}

const frame = (epoch: number, bytes = 8): Frame => ({
  type: FrameType.Peer,
  epoch,
  payload: new Uint8Array(bytes).fill(epoch),
});

describe('TcpChannel', () => {
  it('carries frames of every size both ways, in order', async () => {
    const { near, far } = await connected();
    const atNear = observe(near);
    const atFar = observe(far);
    const sizes = [0, 1, 4096, 4097, 100_000, 3, 2_000_000, 5];
    sizes.forEach((size, i) => {
      near.send(frame(i, size));
      far.send(frame(i + 100, size));
    });
    const [there, back] = [await atFar.received(sizes.length), await atNear.received(sizes.length)];
    expect(there.map(({ epoch, payload }) => [epoch, payload.length])).toEqual(sizes.map((size, i) => [i, size]));
    expect(back.map(({ epoch }) => epoch)).toEqual(sizes.map((_, i) => i + 100));
    expect(there.every(({ epoch, payload }) => payload.every((byte) => byte === epoch))).toBe(true);
  });

  it('keeps frames that arrive before start', async () => {
    const { near, far } = await connected();
    near.send(frame(1));
    near.close();
    const atFar = observe(far);
    expect(await atFar.closed).toEqual({ kind: 'ended' });
    expect(atFar.frames.map(({ epoch }) => epoch)).toEqual([1]);
    expect(await observe(near).closed).toEqual({ kind: 'local' });
  });

  it('says when what was sent may change', async () => {
    const { near, far } = await connected();
    const seen = observe(far);
    near.start({ onFrame: () => {}, onClose: () => {} });
    const payload = new Uint8Array(3 << 20).fill(1);
    const sent = new Promise<void>((resolve) => {
      near.send({ type: FrameType.Peer, epoch: 1, payload, onSent: resolve });
    });
    await sent;
    payload.fill(2);
    const [frame] = await seen.received(1);
    expect(frame!.payload.every((byte) => byte === 1)).toBe(true);
  });

  it('says when it is full and when it has room again', async () => {
    const { near, far } = await connected({ bufferedBytesHigh: 1_000_000 });
    let drained = (): void => {};
    const drain = new Promise<void>((resolve) => (drained = resolve));
    observe(near, () => drained());
    let sent = 0;
    while (near.send(frame(1, 500_000))) sent++;
    expect(sent).toBeLessThan(100);
    const atFar = observe(far);
    await drain;
    expect(near.bufferedBytes).toBeLessThanOrEqual(500_000);
    await atFar.received(sent + 1);
  });

  it('breaks when the peer does not read at all', async () => {
    const { near } = await connected({ bufferedBytesHigh: 1000, bufferedBytesMax: 30_000_000 });
    const { closed } = observe(near);
    for (let i = 0; i < 40 && near.isOpen; i++) near.send(frame(1, 1_000_000));
    const reason = await closed;
    expect(reason.kind).toBe('broken');
    expect(reason.error?.code).toBe('FTW_CHANNEL');
    expect(reason.error?.message).toMatch(/^connection to 127\.0\.0\.1:\d+ broke: it does not read: \d+ bytes/);
  });

  it('pauses and resumes', async () => {
    const { near, far } = await connected();
    const atFar = observe(far);
    near.send(frame(1));
    await atFar.received(1);
    far.pause();
    const echo = observe(near);
    near.send(frame(2));
    far.send(frame(3));
    await echo.received(1);
    expect(atFar.frames).toHaveLength(1);
    far.resume();
    expect(await atFar.received(2)).toHaveLength(2);
  });

  it('reports a reset with the peer named', async () => {
    const server = await listen();
    const socket = net.connect(server.address);
    await once(socket, 'connect');
    const { closed } = observe(await server.next());
    socket.resetAndDestroy();
    const reason = await closed;
    expect(reason.kind).toBe('broken');
    expect(reason.error?.message).toMatch(/^connection to 127\.0\.0\.1:\d+ broke: it was reset by the peer$/);
  });

  it('reports a connection that ends inside a frame', async () => {
    const server = await listen();
    const socket = net.connect(server.address);
    socket.end(encodeFrame(frame(1, 100), crc32).subarray(0, 50));
    const reason = await observe(await server.next()).closed;
    expect(reason.kind).toBe('broken');
    expect(reason.error?.message).toContain('ended in the middle of a frame, after 50 bytes');
  });

  it('closes on damage and on foreign protocols, naming the peer', async () => {
    const server = await listen();
    const socket = net.connect(server.address);
    socket.on('error', () => {}).write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const reason = await observe(await server.next()).closed;
    expect(reason.kind).toBe('damaged');
    expect(reason.error?.code).toBe('FTW_FRAME');
    expect(reason.error?.message).toMatch(/^127\.0\.0\.1:\d+: the peer does not speak.*an HTTP request/);
    socket.destroy();
  });

  it('gives a destroy its own reason', async () => {
    const { near, far } = await connected();
    const atNear = observe(near);
    near.destroy();
    expect(await atNear.closed).toEqual({ kind: 'local' });
    expect((await observe(far).closed).kind).toBe('ended');
  });
});

describe('listenTcp and dialTcp', () => {
  it('refuse a port in use, by name', async () => {
    const { address } = await listen();
    await expect(listenTcp(address, () => {})).rejects.toMatchObject({
      code: 'FTW_IO',
      message: `cannot listen on 127.0.0.1:${address.port}: the port is in use by another process`,
    });
  });

  it('free the port on close', async () => {
    const { address, listener } = await listen();
    listener.close();
    const again = await listenTcp(address, () => {});
    expect(again.address).toEqual(address);
    again.close();
  });

  it('refuse an address that is not ours', async () => {
    await expect(listenTcp({ host: '192.0.2.1', port: 0 }, () => {})).rejects.toThrow(
      'this machine has no such address',
    );
  });

  it('say that nothing listens', async () => {
    const { address, listener } = await listen();
    listener.close();
    await expect(dialTcp(address)).rejects.toMatchObject({
      code: 'FTW_CHANNEL',
      message: `cannot connect to 127.0.0.1:${address.port}: connection refused, nothing listens there`,
    });
  });

  it('give up when told to', async () => {
    const { address } = await listen();
    await expect(dialTcp(address, { signal: AbortSignal.abort() })).rejects.toThrow('the attempt was cancelled');
  });
});
