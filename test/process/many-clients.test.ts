/** Many connections, several gateways, and gateways that cannot serve. */
import net from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { GATEWAY_PROTOCOL_VERSION, jsonBytes, RecordKind, RecordWriter } from '../../src/gateway/records.js';
import { EXIT_CODES } from '../../src/replica/exit-codes.js';
import { encodeFrame, FrameType } from '../../src/transport/frame.js';
import { crc32 } from '../../src/transport/node/crc32.js';
import { CliProcess } from '../support/cli-process.js';
import { ClientSocket } from '../support/client-socket.js';
import { clientAddress, connectThrough, gatewayArgs, Replicas, startGateway } from '../support/replicas.js';
import type { RespClient } from '../support/resp-client.js';

const IDLE_CLIENTS = 5000;

it(`${IDLE_CLIENTS} idle connections survive a failover`, async () => {
  const { alpha, beta, logAddresses } = await new Replicas().pair();
  const gateway = await startGateway(logAddresses);
  const clients: RespClient[] = [];
  onTestFinished(() => {
    for (const client of clients) client.close();
  });
  while (clients.length < IDLE_CLIENTS) {
    clients.push(...(await Promise.all(Array.from({ length: 250 }, () => connectThrough(gateway)))));
  }
  await Promise.all(clients.map((client, index) => client.command('SET', `key:${index}`, index)));
  alpha.kill('SIGKILL');
  const values = await Promise.all(clients.map((client, index) => client.command('GET', `key:${index}`)));
  expect(values).toEqual(clients.map((_, index) => String(index)));
  await beta.event('go-live');
});

it('several gateways serve one pair; one that dies loses its own connections only', async () => {
  const { alpha, logAddresses } = await new Replicas().pair();
  const [first, second] = [await startGateway(logAddresses), await startGateway(logAddresses)];
  const [lost, kept] = [await connectThrough(first), await connectThrough(second)];
  expect(await lost.command('INCR', 'n')).toBe(1);
  expect(await kept.command('INCR', 'n')).toBe(2);
  first.kill('SIGKILL');
  await lost.closed;
  expect(await kept.command('INCR', 'n')).toBe(3);
  alpha.kill('SIGKILL');
  expect(await kept.command('INCR', 'n')).toBe(4);
  kept.close();
});

it('replicas that nobody answers for: the gateway says why, and clients are closed in good order after --wait', async () => {
  const gateway = CliProcess.start(gatewayArgs(['127.0.0.1:1', '127.0.0.1:2'], '--wait', '2s'));
  const client = await ClientSocket.connect(await clientAddress(gateway));
  const { replicas } = await gateway.event('gateway-searching');
  expect(replicas).toEqual({
    '127.0.0.1:1': 'cannot connect to 127.0.0.1:1: connection refused, nothing listens there',
    '127.0.0.1:2': 'cannot connect to 127.0.0.1:2: connection refused, nothing listens there',
  });
  await gateway.event('gateway-gave-up', { connections: 1 });
  await client.until(() => client.ending !== undefined);
  expect(client.ending).toBe('end');
  gateway.kill('SIGTERM');
  expect((await gateway.exit()).code).toBe(EXIT_CODES.ok);
});

it('a gateway for another service, or with more listeners than the guest, is refused with the reason', async () => {
  const { logAddresses } = await new Replicas().pair();
  const reasonOf = async (...flags: string[]): Promise<string> => {
    const gateway = CliProcess.start(gatewayArgs(logAddresses.slice(0, 1), ...flags));
    const { replicas } = await gateway.event('gateway-searching');
    return (replicas as Record<string, string>)[logAddresses[0]!]!;
  };
  expect(await reasonOf('--service', 'other')).toBe("this replica serves 'kv.wasm', not 'other'");
  expect(await reasonOf('--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0')).toBe(
    'the gateway listens on 2 addresses; the guest here has 1',
  );
});

it('what no gateway would send ends that connection and harms nobody', async () => {
  const { alpha, logAddresses } = await new Replicas().pair();
  const client = await connectThrough(await startGateway(logAddresses));
  expect(await client.command('INCR', 'n')).toBe(1);
  const frame = (fill: (writer: RecordWriter) => void): Uint8Array => {
    const writer = new RecordWriter();
    fill(writer);
    return encodeFrame({ type: FrameType.Gateway, epoch: 0, payload: writer.take() }, crc32);
  };
  const attach = (writer: RecordWriter, request: object): void =>
    writer.add(RecordKind.Attach, 0, GATEWAY_PROTOCOL_VERSION, jsonBytes(request));
  const oversized = encodeFrame({ type: FrameType.Gateway, epoch: 0, payload: new Uint8Array(0) }, crc32);
  new DataView(oversized.buffer).setUint32(8, 0xffffffff, true);
  const bad: Record<string, Uint8Array> = {
    garbage: Uint8Array.from({ length: 4096 }, (_, index) => (index * 167 + 13) % 256),
    'an HTTP request': new TextEncoder().encode('GET /metrics HTTP/1.1\r\nHost: alpha\r\n\r\n'),
    'a Redis command': new TextEncoder().encode('*1\r\n$4\r\nPING\r\n'),
    'an oversized frame': oversized,
    'no attach': frame((writer) => writer.add(RecordKind.Open, 1, 0)),
    'a foreign protocol version': frame((writer) => writer.add(RecordKind.Attach, 0, 99, jsonBytes({}))),
    'a number that is none': frame((writer) => attach(writer, { gateway: -7 })),
    'no object': frame((writer) =>
      writer.add(RecordKind.Attach, 0, GATEWAY_PROTOCOL_VERSION, jsonBytes([]).subarray(1)),
    ),
    'a stream without its listener': frame((writer) => {
      attach(writer, {});
      writer.add(RecordKind.Have, 2 ** 33 + 2 ** 32, 0);
    }),
    'a stream of nobody': frame((writer) => {
      attach(writer, {});
      writer.add(RecordKind.Data, 5, 0, new Uint8Array(10));
    }),
    'half a record': encodeFrame({ type: FrameType.Gateway, epoch: 0, payload: new Uint8Array(7).fill(1) }, crc32),
  };
  for (const [what, bytes] of Object.entries(bad)) {
    expect(await isCut(logAddresses[0]!, bytes), what).toBe(true);
  }
  expect(await client.command('INCR', 'n')).toBe(2);
  expect(alpha.has('stopped')).toBe(false);
  client.close();
});

it('what clients send is the guest’s business: garbage harms nobody else', async () => {
  const { alpha, logAddresses } = await new Replicas().pair();
  const gateway = await startGateway(logAddresses);
  const client = await connectThrough(gateway);
  const stranger = await ClientSocket.connect(await clientAddress(gateway));
  stranger.socket.write(Uint8Array.from({ length: 100_000 }, (_, index) => (index * 167 + 13) % 256));
  await stranger.until(() => stranger.received > 0 || stranger.ending !== undefined);
  expect(await client.command('INCR', 'n')).toBe(1);
  alpha.kill('SIGKILL');
  expect(await client.command('INCR', 'n')).toBe(2);
  client.close();
});

it('something else behind an address of --replicas is named as what it is', async () => {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const foreign = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  const { logAddresses } = await new Replicas().pair();
  const lost = CliProcess.start(gatewayArgs([foreign]));
  const { replicas } = await lost.event('gateway-searching');
  expect((replicas as Record<string, string>)[foreign]).toContain('this looks like an HTTP response');
  // It does not keep a gateway from the real ones.
  const client = await connectThrough(await startGateway([foreign, ...logAddresses]));
  expect(await client.command('INCR', 'n')).toBe(1);
  client.close();
});

/** Whether the replica at `address` ends a connection on which `bytes` arrive. */
function isCut(address: string, bytes: Uint8Array): Promise<boolean> {
  const at = address.lastIndexOf(':');
  const socket = net.connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve) => {
    socket.on('error', () => {}).on('close', () => resolve(true));
    socket.write(bytes);
    socket.resume();
  });
}
