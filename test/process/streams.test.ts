/** A connection through the gateway is a faithful one: both ends, both directions, however much flows and whoever dies. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CliProcess } from '../support/cli-process.js';
import { ClientSocket } from '../support/client-socket.js';
import { addressOf, clientAddress, ECHO, Replicas, startGateway } from '../support/replicas.js';

const MIB = 1024 * 1024;

/** A pair that runs the echo guest in `mode`, behind a gateway. */
async function echoPair(mode: string) {
  const pair = await new Replicas().pair({ module: ECHO, args: [mode] });
  const gateway = await startGateway(pair.logAddresses);
  return { ...pair, gateway, address: await clientAddress(gateway) };
}

/** Most memory that a process has ever used, in bytes. */
function peakMemory({ pid }: CliProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)![1]) * 1024;
}

it('a client that has ended its side still gets the answer, from the successor too', async () => {
  const { alpha, beta, address } = await echoPair('count');
  const client = await ClientSocket.connect(address);
  await client.sendPattern(3 * MIB);
  alpha.kill('SIGKILL');
  await client.sendPattern(2 * MIB, 3 * MIB);
  let answer = '';
  client.socket.on('data', (bytes) => {
    answer += String(bytes);
  });
  client.socket.end();
  await client.until(() => client.ending !== undefined);
  expect({ answer, ending: client.ending }).toEqual({ answer: String(5 * MIB), ending: 'end' });
  await beta.event('go-live');
});

it('a guest that has ended its side still reads, on the successor too', async () => {
  const { alpha, beta, address } = await echoPair('end-first');
  const client = await ClientSocket.connect(address);
  await client.until(() => client.ending !== undefined);
  expect({ received: client.received, ending: client.ending }).toEqual({ received: 4, ending: 'end' });
  await client.sendPattern(MIB);
  alpha.kill('SIGKILL');
  await beta.event('go-live');
  await client.sendPattern(MIB, MIB);
  client.socket.end();
  await beta.output(`read ${2 * MIB}\n`);
});

it('a guest that has ended its side still reads, without replication and gateway too', async () => {
  const solo = CliProcess.start(['serve', '--solo', '--tcplisten', '127.0.0.1:0', ECHO, 'end-first']);
  const client = await ClientSocket.connect(await addressOf(solo, 'client'));
  await client.until(() => client.ending !== undefined);
  await client.sendPattern(8 * MIB);
  client.socket.end();
  await solo.output(`read ${8 * MIB}\n`);
});

it('a client that resets its connection: the guest is told', async () => {
  const { alpha, address } = await echoPair('echo');
  const client = await ClientSocket.connect(address);
  await client.sendPattern(1000);
  await client.until(() => client.received === 1000);
  client.socket.resetAndDestroy();
  await alpha.output('reset after 1000\n');
});

it('a client that resets its connection while nobody is live: the successor is told', async () => {
  const { alpha, beta, address } = await echoPair('echo');
  const client = await ClientSocket.connect(address);
  await client.sendPattern(1000);
  await client.until(() => client.received === 1000);
  alpha.kill('SIGKILL');
  client.socket.resetAndDestroy();
  await beta.output('reset after 1000\n');
});

it('100 MiB there and back: every byte once and in order across a failover, in bounded memory', async () => {
  const { alpha, beta, gateway, address } = await echoPair('echo');
  const client = await ClientSocket.connect(address);
  const check = client.checkPattern();
  const sending = client.sendPattern(100 * MIB);
  await client.until(() => client.received > 40 * MIB);
  alpha.kill('SIGKILL');
  await sending;
  await client.until(() => client.received >= 100 * MIB);
  client.socket.end();
  await client.until(() => client.ending !== undefined);
  check();
  expect({ received: client.received, ending: client.ending }).toEqual({ received: 100 * MIB, ending: 'end' });
  expect(peakMemory(gateway)).toBeLessThan(400 * MIB);
  expect(beta.has('go-live')).toBe(true);
});

it('a client that never reads fills its own window and nobody else’s', async () => {
  const { alpha, gateway, address } = await echoPair('flood');
  const deaf = await ClientSocket.connect(address, { reads: false });
  const client = await ClientSocket.connect(address);
  const check = client.checkPattern();
  await client.until(() => client.received > 30 * MIB);
  alpha.kill('SIGKILL');
  const before = client.received;
  await client.until(() => client.received > before + 30 * MIB);
  check();
  expect(deaf.ending).toBeUndefined();
  // What it has missed is still there, from the first byte on.
  const checkDeaf = deaf.checkPattern();
  deaf.socket.resume();
  await deaf.until(() => deaf.received > 10 * MIB);
  checkDeaf();
  expect(peakMemory(gateway)).toBeLessThan(400 * MIB);
});

it('a client that sends without end to a guest that does not read is held back', async () => {
  const { alpha, beta, gateway, address } = await echoPair('deaf');
  const client = await ClientSocket.connect(address);
  for (let i = 0; i < 64; i++) client.socket.write(Buffer.alloc(MIB));
  alpha.kill('SIGKILL');
  await beta.event('go-live');
  await gateway.event('gateway-attached', {
    address: String((await beta.event('listening', { kind: 'log' }))['address']),
  });
  // The kernel's buffers and the gateway's window: a few MiB of the 64 that were offered.
  expect(client.socket.bytesWritten - client.socket.writableLength).toBeLessThan(32 * MIB);
  expect(client.ending).toBeUndefined();
  expect(peakMemory(gateway)).toBeLessThan(300 * MIB);
});
