/** Single moments of resuming, each of which went wrong once: what a broken link or a failover must not lose or repeat. */
import { expect, it } from 'vitest';
import type { ClientSocket } from '../../../src/gateway/client-stream.js';
import { Gateway } from '../../../src/gateway/gateway.js';
import {
  GATEWAY_PROTOCOL_VERSION,
  jsonBytes,
  RecordKind,
  RecordWriter,
  readRecords,
} from '../../../src/gateway/records.js';
import { GatewayLink } from '../../../src/gateway/replica-link.js';
import { type AdoptedStream, ReplicaPort } from '../../../src/gateway/replica-port.js';
import { gatewayNumber, STREAMS_PER_GATEWAY } from '../../../src/gateway/stream-id.js';
import type { StreamId } from '../../../src/host/services.js';
import { progressPayload, takeProgressPayload } from '../../../src/runtime/gateway-links.js';

/** Which of its gateway's streams it is. */
function serial(stream: StreamId): number {
  return stream % STREAMS_PER_GATEWAY;
}

/** A replica's port, and what its guest was told. */
class Replica {
  readonly told: string[] = [];
  readonly port = new ReplicaPort('echo', {
    open: (stream) => this.told.push(`open ${serial(stream)}`),
    data: (stream, bytes) => this.told.push(`data ${serial(stream)} ${bytes.length}`),
    eof: (stream) => this.told.push(`eof ${serial(stream)}`),
    reset: (stream) => this.told.push(`reset ${serial(stream)}`),
    credit: (stream, bytes) => this.told.push(`credit ${serial(stream)} ${bytes}`),
  });

  live(epoch: number, adopted: readonly AdoptedStream[] = []): this {
    this.port.serve(epoch, adopted, 1_000);
    return this;
  }
}

class Client implements ClientSocket {
  readonly told: string[] = [];
  write(bytes: Uint8Array): void {
    this.told.push(`data ${bytes.length}`);
  }
  end(): void {
    this.told.push('end');
  }
  close(): void {
    this.told.push('close');
  }
  reset(): void {
    this.told.push('reset');
  }
  pause(): void {
    this.told.push('pause');
  }
  resume(): void {
    this.told.push('resume');
  }
}

/** Connects both and hands back how to carry what is under way, in both directions. */
function connect(gateway: Gateway, { port }: Replica): { carry: () => void; link: GatewayLink } {
  const toReplica = [gateway.attachPayload()];
  const toGateway: Uint8Array[] = [];
  const flushes: (() => void)[] = [];
  const later = (flush: () => void): void => void flushes.push(flush);
  const link = new GatewayLink(port, { send: (payload) => toGateway.push(payload), later, close: () => {} });
  gateway.linkUp({ send: (payload) => toReplica.push(payload), later });
  const carry = (): void => {
    do {
      for (const flush of flushes.splice(0)) flush();
      for (const payload of toReplica.splice(0)) link.frame(payload);
      for (const flush of flushes.splice(0)) flush();
      for (const payload of toGateway.splice(0)) gateway.frame(payload, port.epoch);
    } while (flushes.length > 0);
  };
  carry();
  return { carry, link };
}

function newGateway(): Gateway {
  return new Gateway({ service: 'echo', listeners: 1 });
}

/** The only stream that a port knows. */
function onlyStream({ port }: Replica): StreamId {
  const [stream, ...others] = port.streams.keys();
  expect(others).toEqual([]);
  return stream ?? expect.fail('the port knows no stream');
}

it('a full input window opens again although the acceptance was lost with its link', () => {
  const [gateway, replica, client] = [newGateway(), new Replica().live(1), new Client()];
  const first = connect(gateway, replica);
  const stream = gateway.connect(0, client);
  gateway.input(stream, new Uint8Array(300_000));
  first.carry();
  expect(client.told).toEqual(['pause']);
  gateway.linkDown();
  first.link.down(1_000);
  replica.port.consumed(stream.id, 300_000, 5);
  replica.port.released(5);
  connect(gateway, replica);
  expect(client.told).toEqual(['pause', 'resume']);
  expect(stream.input.length).toBe(0);
});

it('delivered bytes are reported again on the next link', () => {
  const [gateway, replica, client] = [newGateway(), new Replica().live(1), new Client()];
  const first = connect(gateway, replica);
  const stream = gateway.connect(0, client);
  first.carry();
  replica.port.send(stream.id, new Uint8Array(10));
  first.carry();
  gateway.delivered(stream, 10);
  gateway.tick();
  // The report is lost with its link.
  gateway.linkDown();
  first.link.down(1_000);
  const second = connect(gateway, replica);
  gateway.tick();
  second.carry();
  expect(replica.told.filter((what) => what.startsWith('credit'))).toEqual(['credit 0 10']);
});

it('a stream that was closed without any output is not opened again by the successor', () => {
  const [gateway, primary, backup, client] = [newGateway(), new Replica().live(1), new Replica(), new Client()];
  const first = connect(gateway, primary);
  const stream = gateway.connect(0, client);
  gateway.input(stream, new Uint8Array(3));
  first.carry();
  // The guest closes it; the primary dies before the gateway hears of that.
  backup.port.end(stream.id, 'close');
  gateway.linkDown();
  connect(gateway, backup.live(2));
  expect(backup.told).toEqual([]);
  expect(client.told).toEqual(['close']);
});

it('input that the gateway has let go resets its client and no other', () => {
  const [gateway, primary, other] = [newGateway(), new Replica().live(1), new Client()];
  const client = new Client();
  const first = connect(gateway, primary);
  const stream = gateway.connect(0, client);
  gateway.input(stream, new Uint8Array(3));
  gateway.connect(0, other);
  first.carry();
  primary.port.consumed(stream.id, 3, 1);
  primary.port.released(1);
  first.carry();
  gateway.linkDown();
  // The service has been begun afresh: nobody knows these streams.
  const afresh = new Replica().live(7);
  connect(gateway, afresh);
  expect(client.told).toEqual(['reset']);
  expect(other.told).toEqual([]);
  expect(afresh.told).toEqual(['open 0', 'open 1', 'reset 0']);
});

it('the streams of a gateway that was given up are void, on a successor too', () => {
  const [gateway, primary, backup, client] = [newGateway(), new Replica().live(1), new Replica(), new Client()];
  const first = connect(gateway, primary);
  gateway.connect(0, client);
  first.carry();
  first.link.down(1_000);
  gateway.linkDown();
  primary.port.tick(1_000);
  expect(primary.told).toEqual(['open 0', 'reset 0']);
  takeProgressPayload(backup.port, progressPayload(primary.port) ?? expect.fail('the backup is told nothing'));
  const second = connect(gateway, backup.live(2));
  expect(client.told).toEqual(['reset']);
  expect(backup.told).toEqual([]);
  gateway.connect(0, new Client());
  second.carry();
  expect(backup.told).toEqual(['open 0']);
});

it('a client that leaves after both sides have ended is no broken connection', () => {
  const [gateway, replica, client] = [newGateway(), new Replica().live(1), new Client()];
  const { carry } = connect(gateway, replica);
  const stream = gateway.connect(0, client);
  carry();
  replica.port.end(stream.id, 'end');
  carry();
  gateway.input(stream, new Uint8Array(3));
  gateway.inputEnd(stream);
  gateway.disconnected(stream);
  carry();
  expect(replica.told).toEqual(['open 0', 'data 0 3', 'eof 0']);
  replica.port.end(stream.id, 'close');
  carry();
  expect(replica.port.streams.size).toBe(0);
  expect(gateway.connections).toBe(0);
});

it('a client that leaves while its stream is being resumed is reported', () => {
  const [gateway, replica, client] = [newGateway(), new Replica().live(1), new Client()];
  const first = connect(gateway, replica);
  const stream = gateway.connect(0, client);
  first.carry();
  expect(onlyStream(replica)).toBe(stream.id);
  gateway.linkDown();
  first.link.down(1_000);
  // Attached, and the replica has not said yet from where on it wants the input.
  const toReplica = [gateway.attachPayload()];
  const flushes: (() => void)[] = [];
  const link = new GatewayLink(replica.port, {
    send: (payload) => gateway.frame(payload, 1),
    later: (flush) => flush(),
    close: () => {},
  });
  gateway.linkUp({ send: (payload) => toReplica.push(payload), later: (flush) => void flushes.push(flush) });
  link.frame(toReplica.shift() as Uint8Array);
  expect(gateway.attached).toBe(true);
  gateway.disconnected(stream);
  for (const flush of flushes) flush();
  for (const payload of toReplica) link.frame(payload);
  expect(replica.told).toEqual(['open 0', 'reset 0']);
});

it('a gateway says how long it keeps its clients: replicas keep their streams longer, successors too', () => {
  const patient = new Gateway({ service: '', listeners: 1, waitMs: 60_000 });
  const [primary, backup] = [new Replica().live(1), new Replica()];
  const { carry, link } = connect(patient, primary);
  const other = connect(newGateway(), primary);
  expect([link.absentMs, other.link.absentMs]).toEqual([65_000, 35_000]);
  const stream = patient.connect(0, new Client());
  carry();
  primary.port.delivered(stream.id, 0);
  takeProgressPayload(backup.port, progressPayload(primary.port) ?? expect.fail('the backup is told nothing'));
  expect([primary.port.absentMs, backup.port.absentMs]).toEqual([65_000, 65_000]);
});

it('a gateway that stops says at once that its clients are gone', () => {
  const [gateway, replica, client] = [newGateway(), new Replica().live(1), new Client()];
  const { carry } = connect(gateway, replica);
  gateway.connect(0, client);
  carry();
  gateway.close();
  carry();
  expect(client.told).toEqual(['close']);
  expect(replica.told).toEqual(['open 0', 'reset 0']);
});

it('a replica that is not live keeps the question and answers it, once, when it goes live', () => {
  const replica = new Replica();
  const told: string[] = [];
  const link = new GatewayLink(replica.port, {
    send: (payload) =>
      readRecords(payload, ({ kind, bytes }) => told.push(`${kind} ${new TextDecoder().decode(bytes)}`)),
    later: (flush) => flush(),
    close: () => told.push('closed'),
  });
  const ask = (gateway: number): void => {
    const writer = new RecordWriter();
    const request = { service: '', gateway, epoch: 1, listeners: 1, waitMs: 0 };
    writer.add(RecordKind.Attach, 0, GATEWAY_PROTOCOL_VERSION, jsonBytes(request));
    link.frame(writer.take());
  };
  const number = gatewayNumber(1, 7);
  ask(0);
  // Meanwhile another replica has given the gateway a number.
  ask(number);
  replica.live(2);
  const notLive = `${RecordKind.NotLive} this replica is not live`;
  const answers = [notLive, notLive, `${RecordKind.Attached} {"gateway":${number}}`];
  expect(told).toEqual(answers);
  // A question that has crossed the answer.
  ask(number);
  expect(told).toEqual(answers);
  // One whose connection has gone is not answered.
  const gone = new Replica();
  const lost = new GatewayLink(gone.port, {
    send: () => told.push('sent'),
    later: (flush) => flush(),
    close: () => {},
  });
  const writer = new RecordWriter();
  writer.add(RecordKind.Attach, 0, GATEWAY_PROTOCOL_VERSION, jsonBytes({ service: '', gateway: 0 }));
  lost.frame(writer.take());
  lost.down(0);
  gone.live(1);
  expect(told).toEqual([...answers, 'sent']);
});
