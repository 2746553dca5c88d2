/** Drives one replica by hand, and answers its arbiter requests from an arbiter in memory. */
import { MemoryArbiter } from '../../../src/arbiter/memory.js';
import { type Message, PROTOCOL_VERSION } from '../../../src/replica/messages.js';
import { Replica } from '../../../src/replica/replica.js';
import {
  type Effect,
  type Input,
  type PeerId,
  REPLICA_DEFAULTS,
  type ReplicaConfig,
} from '../../../src/replica/types.js';

export function configOf(options: Partial<ReplicaConfig> = {}): ReplicaConfig {
  const fixed = { id: 'a', incarnation: 'a1', service: 'kv', manifest: { module: 'm1' }, logAddress: 'a:1' };
  return { ...REPLICA_DEFAULTS, minBackups: 1, ...fixed, role: 'primary', ...options };
}

type Answered = Effect & { type: 'arbiter-read' | 'arbiter-cas' };

export class Driven {
  nowMs = 1_000;
  /** Requests stay unanswered while false. */
  arbiterAnswers = true;
  readonly effects: Effect[] = [];
  readonly #replica: Replica;

  constructor(
    options: Partial<ReplicaConfig> = {},
    readonly arbiter: MemoryArbiter = new MemoryArbiter(),
  ) {
    this.#replica = new Replica(configOf(options));
    this.step({ type: 'start' });
  }

  /** Returns the effects of this input and of the arbiter's answers that follow from it. */
  step(input: Input): Effect[] {
    const from = this.effects.length;
    const pending = [...this.#take(input)];
    for (let request = pending.shift(); request !== undefined; request = pending.shift()) {
      pending.push(...this.#take(this.#answer(request)));
    }
    return this.effects.slice(from);
  }

  pass(ms: number): Effect[] {
    this.nowMs += ms;
    return this.step({ type: 'tick' });
  }

  receive(peer: PeerId, message: Message): Effect[] {
    return this.step({ type: 'message', peer, message });
  }

  log(firstEvent: number, lastEvent: number, bytes = 10): Effect[] {
    return this.step({ type: 'log', firstEvent, lastEvent, counter: lastEvent * 100, batch: new Uint8Array(bytes) });
  }

  #take(input: Input): Answered[] {
    const effects = this.#replica.step(input, this.nowMs);
    this.effects.push(...effects);
    return effects.filter(
      (effect): effect is Answered =>
        this.arbiterAnswers && (effect.type === 'arbiter-read' || effect.type === 'arbiter-cas'),
    );
  }

  #answer(request: Answered): Input {
    const { requestId } = request;
    if (request.type === 'arbiter-read') {
      return { type: 'arbiter-result', requestId, result: { kind: 'read', current: this.arbiter.state } };
    }
    const result = this.arbiter.apply(request.expectedGeneration, request.record);
    return {
      type: 'arbiter-result',
      requestId,
      result: result.won ? { kind: 'won', generation: result.generation } : { kind: 'lost', current: result.current },
    };
  }
}

/** The effects of one type. */
export function only<T extends Effect['type']>(effects: readonly Effect[], type: T): (Effect & { type: T })[] {
  return effects.filter((effect): effect is Effect & { type: T } => effect.type === type);
}

/** Names of the events among the effects. */
export function eventsIn(effects: readonly Effect[]): string[] {
  return only(effects, 'event').map((effect) => effect.name);
}

/** Messages sent, heartbeats left out. */
export function sentIn(effects: readonly Effect[]): Message[] {
  return only(effects, 'send')
    .map((effect) => effect.message)
    .filter((message) => message.type !== 'heartbeat');
}

export function hello(id: string, incarnation = `${id}1`): Message {
  return {
    type: 'hello',
    id,
    incarnation,
    protocolVersion: PROTOCOL_VERSION,
    epoch: 0,
    service: 'kv',
    manifest: { module: 'm1' },
    logAddress: `${id}:1`,
  };
}

export function ack(receivedEvent: number, executedEvent = 0, epoch = 2): Message {
  return { type: 'ack', epoch, receivedEvent, executed: { event: executedEvent, counter: executedEvent * 100 } };
}

export function heartbeat(id: string, fields: { epoch?: number; sentMs?: number; echoMs?: number; executed?: number }) {
  const event = fields.executed ?? 0;
  return {
    type: 'heartbeat',
    id,
    incarnation: `${id}1`,
    role: id === 'a' ? 'primary' : 'backup',
    epoch: fields.epoch ?? 2,
    executed: { event, counter: event * 100 },
    sentMs: fields.sentMs ?? 1,
    echoMs: fields.echoMs ?? 0,
  } as const;
}

/** A primary whose guest runs and whose backup b, on connection 1, has promised not to go live just now. */
export function primaryWithBackup(options: Partial<ReplicaConfig> = {}): Driven {
  const primary = new Driven(options);
  primary.step({ type: 'peer-connected', peer: 1, dialled: false });
  primary.receive(1, hello('b'));
  primary.receive(1, heartbeat('b', { echoMs: primary.nowMs }));
  return primary;
}
