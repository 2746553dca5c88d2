import dgram from 'node:dgram';
import { afterEach, expect, it } from 'vitest';
import { encodeFrame, FrameType } from '../../../src/transport/frame.js';
import { crc32 } from '../../../src/transport/node/crc32.js';
import { type Heartbeat, HeartbeatSocket } from '../../../src/transport/node/udp.js';

const open: HeartbeatSocket[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => socket.close()));
});

/** A heartbeat socket on a free port; `next` gives what it hears, in order. */
async function listen(host = '127.0.0.1') {
  const heard: Heartbeat[] = [];
  let wake = (): void => {};
  const socket = await HeartbeatSocket.open({ host, port: 0 }, (heartbeat) => {
    heard.push(heartbeat);
    wake();
  });
  open.push(socket);
  const next = async (): Promise<Heartbeat> => {
    while (heard.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return heard.shift()!;
  };
  return { socket, next };
}

const payload = new Uint8Array([1, 2, 3]);

it('carries epoch and payload, and names the sender', async () => {
  const a = await listen();
  const b = await listen();
  a.socket.send(await a.socket.resolve(b.socket.address), 42, payload);
  const { epoch, payload: got, from } = await b.next();
  expect({ epoch, from }).toEqual({ epoch: 42, from: a.socket.address });
  expect(new Uint8Array(got)).toEqual(payload);
});

it('reaches an IPv4 peer from a socket on every interface', async () => {
  const a = await listen('');
  const b = await listen();
  a.socket.send(await a.socket.resolve({ ...b.socket.address, host: 'localhost' }), 1, payload);
  a.socket.send(await a.socket.resolve(b.socket.address), 2, payload);
  const epochs = [(await b.next()).epoch];
  expect(epochs.every((epoch) => epoch === 1 || epoch === 2)).toBe(true);
});

it('counts and ignores what is not one intact heartbeat', async () => {
  const { socket, next } = await listen();
  const good = encodeFrame({ type: FrameType.Heartbeat, epoch: 9, payload }, crc32);
  const damaged = good.slice();
  damaged[29]! ^= 1;
  const bad = [
    new Uint8Array(0),
    new TextEncoder().encode('hello there, this is not a frame'),
    good.subarray(0, good.length - 1),
    new Uint8Array([...good, ...good]),
    damaged,
    encodeFrame({ type: FrameType.Peer, epoch: 9, payload }, crc32),
    encodeFrame({ type: FrameType.Heartbeat, epoch: 9, payload: new Uint8Array(513) }, crc32),
  ];
  const sender = dgram.createSocket('udp4');
  for (const bytes of [...bad, good]) sender.send(bytes, socket.address.port, '127.0.0.1');
  expect((await next()).epoch).toBe(9);
  sender.close();
  expect(socket.ignored).toBe(bad.length);
});

it('refuses a port in use and an unknown name', async () => {
  const { socket } = await listen();
  await expect(HeartbeatSocket.open(socket.address, () => {})).rejects.toMatchObject({
    code: 'FTW_IO',
    message: expect.stringContaining('the port is in use'),
  });
  await expect(socket.resolve({ host: 'no-such-host.invalid', port: 1 })).rejects.toMatchObject({
    code: 'FTW_CHANNEL',
    message: expect.stringContaining('no-such-host.invalid:1'),
  });
});

it('ignores sends after close', async () => {
  const { socket } = await listen();
  const target = await socket.resolve(socket.address);
  await socket.close();
  expect(() => socket.send(target, 1, payload)).not.toThrow();
  await socket.close();
});
