import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { request, serve } from './support.js';

/** The reply to raw bytes, and whether the server closed the connection. */
function reply(...pieces: (string | Uint8Array)[]): { text: string; closed: boolean } {
  let text = '';
  let closed = false;
  serve(function* (host) {
    const connection = host.connect();
    for (const piece of pieces) {
      connection.send(piece);
      yield;
    }
    text = connection.received();
    closed = connection.closedByGuest;
  });
  return { text, closed };
}

describe('requests', () => {
  const pipeline = [
    request('SET', 'key', 'value'),
    request('GET', 'key'),
    'PING\r\n',
    request('SET', 'k', `\0\r\n\xff${'x'.repeat(300)}`),
    request('GET', 'k'),
    '\r\n*0\r\n',
    request('MSET', ...Array.from({ length: 60 }, (_, i) => `m${i}`)),
    request('DBSIZE'),
  ].join('');
  const expected = reply(pipeline).text;

  it('are answered in order, binary-safe, in one pipeline', () => {
    expect(expected).toBe(
      `+OK\r\n$5\r\nvalue\r\n+PONG\r\n+OK\r\n$304\r\n\0\r\n\xff${'x'.repeat(300)}\r\n+OK\r\n:32\r\n`,
    );
  });

  it('may be split at any byte', () => {
    for (let cut = 1; cut < pipeline.length; cut++) {
      const { text } = reply(pipeline.slice(0, cut), pipeline.slice(cut));
      expect(text, `split at ${cut}`).toBe(expected);
    }
  });

  it('may arrive byte by byte, or in any pieces', () => {
    expect(reply(...pipeline).text).toBe(expected);
    const cuts = fc.array(fc.nat(pipeline.length), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (at) => {
        const sorted = [0, ...at.sort((a, b) => a - b), pipeline.length];
        const pieces = sorted.slice(1).map((end, i) => pipeline.slice(sorted[i], end));
        expect(reply(...pieces.filter((piece) => piece !== '')).text).toBe(expected);
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it('are scanned once, however many pieces they come in', () => {
    const words = Array.from({ length: 20_000 }, (_, i) => `word${i}`);
    const bytes = Buffer.from(request('DEL', ...words));
    let calls: Record<string, number> = {};
    let text = '';
    calls = serve(function* (host) {
      const connection = host.connect();
      connection.receiveMax = 100;
      connection.send(bytes);
      yield;
      text = connection.received();
    }).calls;
    expect(text).toBe(':0\r\n');
    expect(calls['sock_recv']).toBe(Math.ceil(bytes.length / 100));
    expect(calls['sock_send']).toBe(1);
  });

  it('take one receive and one send per pipeline', () => {
    const host = serve(function* (fake) {
      const connection = fake.connect();
      yield;
      connection.send(request('PING').repeat(1000));
      yield;
      expect(connection.received()).toBe('+PONG\r\n'.repeat(1000));
    });
    expect(host.calls['sock_recv']).toBe(1);
    expect(host.calls['sock_send']).toBe(1);
    expect(host.calls['clock_time_get']).toBeUndefined();
  });
});

describe('bytes that are no request', () => {
  it.each([
    ['*x\r\n', 'invalid multibulk length'],
    ['*1048577\r\n', 'invalid multibulk length'],
    ['*1\r\n:5\r\n', "expected '$', got ':'"],
    ['*1\r\n$-1\r\n', 'invalid bulk length'],
    ['*1\r\n$536870913\r\n', 'invalid bulk length'],
    ['*1\r\n$x\r\n', 'invalid bulk length'],
    [`*${'1'.repeat(70_000)}`, 'too big mbulk count string'],
    [`*1\r\n$${'1'.repeat(70_000)}`, 'too big bulk count string'],
    ['x'.repeat(70_000), 'too big inline request'],
    ['SET a "x\r\n', 'unbalanced quotes in request'],
    ['SET a "x"y\r\n', 'unbalanced quotes in request'],
  ])('%# are refused with a reason', (bytes, reason) => {
    expect(reply(`PING\r\n${bytes}`)).toEqual({ text: `+PONG\r\n-ERR Protocol error: ${reason}\r\n`, closed: true });
  });

  it('never stop the server', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        let pong = '';
        serve(function* (host) {
          const noisy = host.connect();
          noisy.send(noise);
          yield;
          noisy.finished = true;
          const other = host.connect();
          other.send('PING\r\n');
          yield;
          pong = other.received();
          expect(noisy.closedByGuest).toBe(true);
        });
        expect(pong).toBe('+PONG\r\n');
      }),
      { seed: 11, numRuns: 100 },
    );
  });
});

describe('inline requests', () => {
  it('know quotes and escapes', () => {
    expect(reply('ECHO "a\\x41\\n\\"b"\r\n').text).toBe('$5\r\naA\n"b\r\n');
    expect(reply("ECHO 'it\\'s'\n").text).toBe("$4\r\nit's\r\n");
  });
});

describe('connections', () => {
  it('end after QUIT, with what came before it answered and nothing after', () => {
    expect(reply('PING\r\nQUIT\r\nPING\r\n')).toEqual({ text: '+PONG\r\n+OK\r\n', closed: true });
  });

  it('that are reset or finished are closed', () => {
    const host = serve(function* (fake) {
      const reset = fake.connect();
      const finished = fake.connect();
      yield;
      reset.reset = true;
      finished.finished = true;
      yield;
      expect([reset.closedByGuest, finished.closedByGuest]).toEqual([true, true]);
    });
    expect(host.openConnections).toBe(0);
  });

  it('beyond the limit are told so', () => {
    serve(function* (fake) {
      const clients = Array.from({ length: 10_001 }, () => fake.connect());
      yield;
      expect(clients[10_000]?.received()).toBe('-ERR max number of clients reached\r\n');
      expect(clients[10_000]?.closedByGuest).toBe(true);
      expect(fake.openConnections).toBe(10_000);
    });
  });

  it('that are busy do not pay for thousands of idle ones', () => {
    const idle = 5000;
    const turns = 160;
    serve(function* (fake) {
      for (let i = 0; i < idle; i++) fake.connect();
      const busy = fake.connect();
      yield;
      const before = fake.subscriptionsPolled;
      busy.receiveMax = 'PING\r\n'.length;
      busy.send('PING\r\n'.repeat(turns));
      yield;
      expect(busy.received()).toBe('+PONG\r\n'.repeat(turns));
      // All are polled in one of sixteen turns, and at the beginning and the end.
      expect(fake.subscriptionsPolled - before).toBeLessThan((turns / 16 + 3) * (idle + 10));
    });
  });

  it('on several listeners are served alike', () => {
    serve(function* (fake) {
      const clients = [fake.connect(), fake.connect(), fake.connect()];
      for (const client of clients) client.send('PING\r\n');
      yield;
      expect(clients.map((client) => client.received())).toEqual(['+PONG\r\n', '+PONG\r\n', '+PONG\r\n']);
    }, 3);
  });
});

describe('a server without a listener', () => {
  it('says so and exits', () => {
    const host = serve(function* () {}, 0);
    expect(host.exitCode).toBe(2);
    expect(host.stderr.join('')).toBe('kv: no listening socket; start with --tcplisten ADDR\n');
  });
});
