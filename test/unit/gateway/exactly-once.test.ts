/**
 * The gateway's promise, on the pure cores: whatever breaks between gateway and replicas, a client's bytes reach the guest
 * once and in order, and the guest's bytes reach the client once and in order. The guest here is an echo server whose
 * log is acknowledged at random moments; a failover hands its replicated state to a second port.
 */
import { describe, expect, it } from 'vitest';
import type { ClientSocket, ClientStream } from '../../../src/gateway/client-stream.js';
import { Gateway } from '../../../src/gateway/gateway.js';
import { GatewayLink } from '../../../src/gateway/replica-link.js';
import { type GuestStreams, ReplicaPort } from '../../../src/gateway/replica-port.js';
import type { StreamId } from '../../../src/host/services.js';

/** Small seeded generator (mulberry32); the seed is in the test's name. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** One logged step of the echo guest: it took `bytes` of input and sent them back. */
interface LoggedEcho {
  readonly stream: StreamId;
  readonly bytes: Uint8Array;
}

/** A replica: port, the input its guest has been given and not taken, and how far its guest has executed. */
class EchoReplica implements GuestStreams {
  readonly port = new ReplicaPort('echo', this);
  readonly pending = new Map<StreamId, number[]>();
  readonly inputOffsets = new Map<StreamId, number>();
  executed = 0;

  open(stream: StreamId): void {
    this.pending.set(stream, []);
    this.inputOffsets.set(stream, 0);
  }
  data(stream: StreamId, bytes: Uint8Array): void {
    this.pending.get(stream)?.push(...bytes);
  }
  eof(): void {}
  reset(): void {}
  credit(): void {}

  /** Executes one logged step; outputs are released by the caller. */
  apply({ stream, bytes }: LoggedEcho): void {
    this.inputOffsets.set(stream, (this.inputOffsets.get(stream) ?? 0) + bytes.length);
    this.executed++;
  }
}

interface Wire {
  readonly toGateway: { payload: Uint8Array; epoch: number }[];
  readonly toReplica: Uint8Array[];
  readonly flushes: (() => void)[];
}

function newWire(): Wire {
  return { toGateway: [], toReplica: [], flushes: [] };
}

class World {
  readonly client: number[] = [];
  readonly gateway = new Gateway({ service: 'echo', listeners: 1 });
  readonly stream: ClientStream;
  readonly sent: number[] = [];
  /** The log as the backup has received it; its length is the acknowledged event number. */
  readonly acknowledged: LoggedEcho[] = [];
  readonly unacknowledged: LoggedEcho[] = [];
  live = new EchoReplica();
  backup = new EchoReplica();
  epoch = 1;
  link: GatewayLink | undefined;
  /** What is under way on the current connection; a broken one takes it along. */
  #wire = newWire();

  constructor(readonly pick: (below: number) => number) {
    this.live.port.serve(1, [], 0);
    const socket: ClientSocket = {
      write: (bytes) => {
        this.client.push(...bytes);
        this.gateway.delivered(this.stream, bytes.length);
      },
      end: () => {},
      close: () => {},
      reset: () => {
        throw new Error('the client was reset');
      },
      pause: () => {},
      resume: () => {},
    };
    this.stream = this.gateway.connect(0, socket);
  }

  /** One random step; returns its name for the trace. */
  step(): string {
    const steps: [string, () => void][] = [
      ['send', () => this.send(1 + this.pick(20))],
      ['carry', () => this.carry()],
      ['carry', () => this.carry()],
      ['serve', () => this.serve()],
      ['serve', () => this.serve()],
      ['acknowledge', () => this.acknowledge()],
      ['tick', () => this.tick()],
      ['break', () => this.breakLink()],
      ['connect', () => this.connect()],
      ['connect', () => this.connect()],
      ...(this.pick(12) === 0 ? ([['failover', () => this.failover()]] as [string, () => void][]) : []),
    ];
    const [name, run] = steps[this.pick(steps.length)];
    run();
    return name;
  }

  send(count: number): void {
    const bytes = Uint8Array.from({ length: count }, (_, index) => (this.sent.length + index) & 0xff);
    this.sent.push(...bytes);
    this.gateway.input(this.stream, bytes);
  }

  /** Delivers some of what is under way on the link, in order. */
  carry(): void {
    const { toGateway, toReplica, flushes } = this.#wire;
    for (const flush of flushes.splice(0)) flush();
    if (this.link === undefined) return;
    for (const payload of toReplica.splice(0, 1 + this.pick(3))) this.link.frame(payload);
    for (const flush of flushes.splice(0)) flush();
    for (const { payload, epoch } of toGateway.splice(0, 1 + this.pick(3))) this.gateway.frame(payload, epoch);
  }

  /** The live guest takes some input and echoes it; the output waits for the acknowledgement. */
  serve(): void {
    for (const [stream, pending] of this.live.pending) {
      if (pending.length === 0) continue;
      const bytes = Uint8Array.from(pending.splice(0, 1 + this.pick(pending.length)));
      const step = { stream, bytes };
      this.live.apply(step);
      this.unacknowledged.push(step);
      this.live.port.consumed(stream, bytes.length, this.live.executed);
    }
  }

  /** The backup has received some of the log: outputs that depend on it leave (R1), and the backup retains them (R2). */
  acknowledge(): void {
    const count = this.pick(this.unacknowledged.length + 1);
    for (const step of this.unacknowledged.splice(0, count)) {
      this.acknowledged.push(step);
      this.live.port.send(step.stream, step.bytes);
      this.backup.apply(step);
      this.backup.port.send(step.stream, step.bytes);
    }
    this.live.port.released(this.acknowledged.length);
  }

  tick(): void {
    this.gateway.tick();
    for (const { stream, delivered } of this.live.port.takeProgress()) this.backup.port.trim(stream, delivered);
  }

  connect(): void {
    if (this.link !== undefined) return;
    const wire = newWire();
    this.#wire = wire;
    const link = new GatewayLink(this.live.port, {
      send: (payload) => wire.toGateway.push({ payload, epoch: this.epoch }),
      later: (flush) => wire.flushes.push(flush),
      close: () => {
        if (this.link === link) this.breakLink();
      },
    });
    this.link = link;
    wire.toReplica.push(this.gateway.attachPayload());
    this.gateway.linkUp({
      send: (payload) => wire.toReplica.push(payload),
      later: (flush) => wire.flushes.push(flush),
    });
  }

  breakLink(): void {
    this.link?.down(1e9);
    this.link = undefined;
    this.gateway.linkDown();
  }

  /** The primary dies with everything that was not acknowledged; the backup goes live from the replicated state. */
  failover(): void {
    this.breakLink();
    this.unacknowledged.length = 0;
    const successor = this.backup;
    this.backup = new EchoReplica();
    this.epoch++;
    const adopted = [...successor.inputOffsets].map(([stream, inputOffset]) => ({ stream, inputOffset }));
    for (const { stream } of adopted) successor.pending.set(stream, []);
    successor.port.serve(this.epoch, adopted, 1e9);
    this.live = successor;
    // A fresh backup starts with a copy of the replicated state: offsets and what clients may not have yet.
    for (const { stream, inputOffset } of adopted) {
      this.backup.inputOffsets.set(stream, inputOffset);
      this.backup.executed = successor.executed;
      const { output } = successor.port.stream(stream);
      this.backup.port.send(stream, new Uint8Array(output.start));
      this.backup.port.trim(stream, output.start);
      output.from(output.start, (bytes) => this.backup.port.send(stream, bytes));
    }
  }

  /** No more faults: everything must arrive. */
  settle(): void {
    for (let round = 0; round < 400; round++) {
      this.connect();
      this.carry();
      this.serve();
      this.acknowledge();
      this.tick();
    }
  }
}

describe('exactly once, through broken links and failovers', () => {
  for (let seed = 1; seed <= 150; seed++) {
    it(`seed ${seed}`, () => {
      const world = new World(random(seed));
      for (let count = 0; count < 300; count++) {
        world.step();
        // At every moment the client has a prefix of what a machine that never fails would have sent.
        expect(world.client).toEqual(world.sent.slice(0, world.client.length));
      }
      world.settle();
      expect(world.client).toEqual(world.sent);
    });
  }
});
