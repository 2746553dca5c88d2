/** A gateway with a few clients whose replica dies, and its successor: the real parts, on channels in memory. */
import type { ClientSocket, ClientStream } from '../../gateway/client-stream.js';
import { Gateway } from '../../gateway/gateway.js';
import { type GuestStreams, ReplicaPort } from '../../gateway/replica-port.js';
import { MemoryChannelPair } from '../../transport/memory.js';
import { GatewayKeeper } from '../gateway-keeper.js';
import { serveGateway } from '../gateway-links.js';
import type { Timers } from '../ports.js';

const CLIENTS = 4;
const REQUEST = new Uint8Array(32);
/** Nobody is given up for being away. */
const FOREVER = Number.MAX_SAFE_INTEGER;
/** Turns of the microtask queue after which nothing moves any more. */
const TURNS = 8;

/** Time does not pass. */
const TIMERS: Timers = { now: () => 0, every: () => () => {}, after: () => () => {}, soon: queueMicrotask };

class Client implements ClientSocket {
  takenBytes = 0;

  write(bytes: Uint8Array): void {
    this.takenBytes += bytes.length;
  }

  end(): void {}
  close(): void {}
  reset(): void {}
  pause(): void {}
  resume(): void {}
}

class Guest implements GuestStreams {
  open(): void {}
  data(): void {}
  eof(): void {}
  reset(): void {}
  credit(): void {}
  burstEnd(): void {}
}

/** Plays it to its end; resolves with how many bytes each client has got: two replies of 32 bytes. */
export async function rehearseGateway(): Promise<number[]> {
  const ports = new Map(['first', 'second'].map((name) => [name, new ReplicaPort('', new Guest())]));
  const wires: MemoryChannelPair[] = [];
  const gateway = new Gateway({ service: '', listeners: 1 });
  const keeper = new GatewayKeeper({
    gateway,
    replicas: [...ports.keys()],
    dial: async (address) => {
      const wire = new MemoryChannelPair({ later: queueMicrotask });
      wires.push(wire);
      wire.b.start(serveGateway(ports.get(address) as ReplicaPort, wire.b, TIMERS));
      return wire.a;
    },
    timers: TIMERS,
    onAttached: () => {},
    onDetached: () => {},
  });
  keeper.start();
  await settled();
  const [first, second] = ports.values();
  const clients = Array.from({ length: CLIENTS }, () => new Client());
  first!.serve(1, [], FOREVER);
  await settled();
  const streams = clients.map((client) => gateway.connect(0, client));
  await exchange(gateway, first!, streams);
  // The successor has kept what the clients have got already, and its guest has taken as much.
  for (const { id } of streams) second!.send(id, REQUEST);
  wires[0]!.a.destroy();
  const length = REQUEST.length;
  const adopted = streams.map(({ id }) => ({ stream: id, inputOffset: length, outputOffset: length }));
  second!.serve(2, adopted, FOREVER);
  await settled();
  await exchange(gateway, second!, streams);
  keeper.close();
  return clients.map(({ takenBytes }) => takenBytes);
}

/** Each client sends a request and gets a reply. */
async function exchange(gateway: Gateway, port: ReplicaPort, streams: readonly ClientStream[]): Promise<void> {
  for (const stream of streams) gateway.input(stream, REQUEST);
  await settled();
  for (const { id } of streams) {
    port.consumed(id, REQUEST.length, 1);
    port.send(id, REQUEST);
  }
  port.released(1);
  await settled();
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await undefined;
}
