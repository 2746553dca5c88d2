/** The link between gateway and replica: held back when it is full, never cut by its own second attempt, numbered for ever. */
import { describe, expect, it } from 'vitest';
import type { ClientSocket } from '../../../src/gateway/client-stream.js';
import { Gateway } from '../../../src/gateway/gateway.js';
import { RecordKind, readRecords, type StreamRecord } from '../../../src/gateway/records.js';
import { GatewayLink } from '../../../src/gateway/replica-link.js';
import { type GuestStreams, ReplicaPort } from '../../../src/gateway/replica-port.js';
import type { StreamId } from '../../../src/host/services.js';

class Guest implements GuestStreams {
  readonly log: string[] = [];
  readonly opened: StreamId[] = [];
  input = '';
  open(stream: StreamId): void {
    this.opened.push(stream);
  }
  data(_: StreamId, bytes: Uint8Array): void {
    this.input += text(bytes);
  }
  eof(): void {
    this.log.push('eof');
  }
  reset(): void {
    this.log.push('reset');
  }
  credit(_: StreamId, bytes: number): void {
    this.log.push(`credit ${bytes}`);
  }
}

class Client implements ClientSocket {
  output = '';
  ending = '';
  write(bytes: Uint8Array): void {
    this.output += text(bytes);
  }
  end(): void {
    this.ending = 'end';
  }
  close(): void {
    this.ending = 'close';
  }
  reset(): void {
    this.ending = 'reset';
  }
  pause(): void {}
  resume(): void {}
}

/** A gateway and a replica, joined by a link whose frames arrive at once, and which can be full in either direction. */
class Joined {
  readonly guest = new Guest();
  readonly port: ReplicaPort;
  link!: GatewayLink;
  fullToReplica = false;
  fullToGateway = false;
  cuts = 0;

  constructor(
    readonly gateway: Gateway,
    port?: ReplicaPort,
  ) {
    this.port = port ?? new ReplicaPort('svc', this.guest, 1);
    if (port === undefined) this.port.serve(1, [], 0);
    this.connect();
  }

  connect(): void {
    const joined = this;
    let attached = false;
    this.link = new GatewayLink(this.port, {
      send: (payload) => attached && this.gateway.frame(payload, this.port.epoch),
      later: (flush) => this.#flushes.push(flush),
      get congested() {
        return joined.fullToGateway;
      },
      close: () => {
        this.cuts++;
      },
    });
    const link = this.link;
    link.frame(this.gateway.attachPayload());
    attached = true;
    this.gateway.linkUp({
      send: (payload) => link.frame(payload),
      later: (flush) => this.#flushes.push(flush),
      get congested() {
        return joined.fullToReplica;
      },
      close: () => {
        this.gateway.linkDown();
        link.down(1e9);
        this.connect();
      },
    });
    this.carry();
  }

  readonly #flushes: (() => void)[] = [];

  carry(): void {
    for (let flush = this.#flushes.shift(); flush !== undefined; flush = this.#flushes.shift()) flush();
  }
}

const newGateway = (): Gateway => new Gateway({ service: 'svc', listeners: 1 });
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

describe('a full link', () => {
  it('holds input back, and its end behind it, and goes on in order', () => {
    const joined = new Joined(newGateway());
    const stream = joined.gateway.connect(0, new Client());
    joined.gateway.input(stream, bytes('one '));
    joined.carry();
    joined.fullToReplica = true;
    joined.gateway.input(stream, bytes('two '));
    joined.gateway.inputEnd(stream);
    joined.carry();
    expect({ input: joined.guest.input, log: joined.guest.log }).toEqual({ input: 'one ', log: [] });
    joined.fullToReplica = false;
    joined.gateway.input(stream, bytes('three'));
    joined.gateway.drained();
    joined.carry();
    expect({ input: joined.guest.input, log: joined.guest.log }).toEqual({ input: 'one two three', log: ['eof'] });
  });

  it('holds output back, and the close behind it', () => {
    const joined = new Joined(newGateway());
    const client = new Client();
    joined.gateway.connect(0, client);
    joined.carry();
    const [stream] = joined.guest.opened;
    joined.port.send(stream!, bytes('one '));
    joined.carry();
    joined.fullToGateway = true;
    joined.port.send(stream!, bytes('two'));
    joined.port.end(stream!, 'close');
    joined.carry();
    expect(client).toMatchObject({ output: 'one ', ending: '' });
    joined.fullToGateway = false;
    joined.link.drained();
    joined.carry();
    expect(client).toMatchObject({ output: 'one two', ending: 'close' });
    expect(joined.port.streams.size).toBe(0);
  });
});

it('a second way to the same replica does not cut the first unless the gateway goes there', () => {
  const joined = new Joined(newGateway());
  const client = new Client();
  const stream = joined.gateway.connect(0, client);
  const answers: StreamRecord[] = [];
  const second = new GatewayLink(joined.port, {
    send: (payload) => readRecords(payload, (record) => answers.push(record)),
    later: (flush) => flush(),
    close: () => {},
  });
  second.frame(joined.gateway.attachPayload());
  expect(answers.map(({ kind }) => kind)).toEqual([RecordKind.Attached]);
  second.down(0);
  joined.port.tick(1);
  joined.gateway.input(stream, bytes('hello'));
  joined.carry();
  expect({ cuts: joined.cuts, input: joined.guest.input }).toEqual({ cuts: 0, input: 'hello' });
});

it('a gateway that has used up its ids goes on under a new number, with the streams it has', () => {
  const streamsPerNumber = 10;
  const joined = new Joined(new Gateway({ service: 'svc', listeners: 1, streamsPerNumber }));
  const old = joined.gateway.connect(0, new Client());
  for (let i = 1; i < streamsPerNumber; i++) joined.gateway.disconnected(joined.gateway.connect(0, new Client()));
  joined.carry();
  const fresh = joined.gateway.connect(0, new Client());
  joined.carry();
  joined.gateway.input(old, bytes('old '));
  joined.gateway.input(fresh, bytes('new'));
  joined.carry();
  expect(joined.guest.input).toBe('old new');
  expect(new Set(joined.guest.opened).size).toBe(streamsPerNumber + 1);
});

it('a successor’s window is not credited with output that its predecessor sent', () => {
  const guest = new Guest();
  const port = new ReplicaPort('svc', guest, 1);
  const stream = 2 ** 33 + 2 ** 32 + 7;
  port.send(stream, new Uint8Array(100));
  port.serve(2, [{ stream, inputOffset: 0, outputOffset: 100 }], 1e9);
  port.send(stream, new Uint8Array(50));
  port.delivered(stream, 100);
  port.delivered(stream, 130);
  expect(guest.log).toEqual(['credit 30']);
});

it('a successor says where input goes on together with its first answer, and once only', () => {
  const gateway = newGateway();
  const first = new Joined(gateway);
  const stream = gateway.connect(0, new Client());
  gateway.input(stream, bytes('one two'));
  first.carry();
  gateway.linkDown();
  const guest = new Guest();
  const port = new ReplicaPort('svc', guest, 1);
  port.stream(stream.id);
  const frames: StreamRecord[][] = [];
  let flushed = 0;
  const link = new GatewayLink(port, {
    send: (payload) => {
      const records: StreamRecord[] = [];
      readRecords(payload, (record) => records.push(record));
      frames.push(records);
      if (records[0]?.kind === RecordKind.Attached) gateway.frame(payload, port.epoch);
    },
    later: () => {},
    close: () => {},
    flush: () => flushed++,
  });
  link.frame(gateway.attachPayload());
  gateway.linkUp({ send: (payload) => link.frame(payload), later: (flush) => flush() });
  port.serve(2, [{ stream: stream.id, inputOffset: 4 }], 1e9);
  expect(frames.map((records) => records.map(({ kind, value }) => [kind, value]))).toEqual([
    [[RecordKind.NotLive, 0]],
    [
      [RecordKind.Attached, 2],
      [RecordKind.Resume, 4],
    ],
  ]);
  expect({ flushed, input: guest.input }).toEqual({ flushed: 1, input: 'two' });
  link.down(0);
});

it('acceptances that were lost with a link are repeated on the next: a full window opens again', () => {
  const joined = new Joined(newGateway());
  const stream = joined.gateway.connect(0, new Client());
  joined.gateway.input(stream, new Uint8Array(1000));
  joined.carry();
  joined.gateway.linkDown();
  joined.link.down(1e9);
  joined.port.consumed(stream.id, 1000, 1);
  joined.port.released(1);
  joined.connect();
  expect(stream.input.length).toBe(0);
});
