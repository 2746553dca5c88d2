import net from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/runtime/guest/protocol.js';
import { Dialer, formatOctets, parseOctets } from '../../../src/runtime/node/dialer.js';

describe('addresses', () => {
  it.each(['127.0.0.1', '::1', '::', '2001:db8::7', 'fe80::1', '1:2:3:4:5:6:7:8'])('%s goes there and back', (text) => {
    const octets = parseOctets(text);
    expect(octets).toHaveLength(net.isIPv4(text) ? 4 : 16);
    expect(parseOctets(formatOctets(octets))).toEqual(octets);
    expect(net.isIP(formatOctets(octets))).toBe(net.isIP(text));
  });

  it('may be mixed, and have a zone', () => {
    expect(parseOctets('::ffff:192.0.2.1').slice(-6)).toEqual([255, 255, 192, 0, 2, 1]);
    expect(parseOctets('fe80::1%eth0')).toEqual(parseOctets('fe80::1'));
  });
});

/** Asks a dialer one question. */
function ask(question: Parameters<Dialer['ask']>[1]): Promise<{ answer: Answer; sockets: net.Socket[] }> {
  const sockets: net.Socket[] = [];
  return new Promise((resolve) => {
    const dialer = new Dialer({
      adopt: (socket, adopted) => {
        sockets.push(socket);
        adopted(5);
      },
      answer: (ticket, answer) => resolve({ answer: ticket === 1 ? answer : { error: 'EWRONG' }, sockets }),
    });
    dialer.ask(1, question);
  });
}

describe('a dialer', () => {
  it('connects, and is refused', async () => {
    const server = net.createServer((socket) => socket.resume().end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    const { answer, sockets } = await ask({ kind: 'connect', octets: [127, 0, 0, 1], port });
    expect(answer).toEqual({ stream: 5 });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    expect((await ask({ kind: 'connect', octets: [127, 0, 0, 1], port })).answer).toEqual({ error: 'ECONNREFUSED' });
  });

  it('resolves names, and says so when there are none', async () => {
    expect((await ask({ kind: 'resolve', name: '127.0.0.1' })).answer).toEqual({ addresses: [[127, 0, 0, 1]] });
    expect((await ask({ kind: 'resolve', name: 'name with spaces.invalid' })).answer).toHaveProperty('error');
  });
});
