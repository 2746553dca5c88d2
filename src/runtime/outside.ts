/** Effects that ask peers or the arbiter something; the answers are inputs of the protocol. */
import type { Arbiter } from '../arbiter/arbiter.js';
import { decodeMessage, encodeMessage } from '../replica/codec.js';
import type { Message } from '../replica/messages.js';
import type { ArbiterResult, Effect, Input } from '../replica/types.js';
import { ArbiterRequests } from './arbiter-requests.js';
import type { Connections } from './connections.js';
import type { PeerNetwork, Timers } from './ports.js';

export interface OutsideParts {
  readonly arbiter: Arbiter;
  readonly network: PeerNetwork;
  readonly timers: Timers;
  readonly connections: Connections;
  readonly input: (input: Input) => void;
}

export type Question = Extract<
  Effect,
  { type: 'connect' | 'close' | 'heartbeat' | 'probe' | 'arbiter-prepare' | 'arbiter-read' | 'arbiter-cas' }
>;

export class Outside {
  readonly #parts: OutsideParts;
  readonly #arbiter: ArbiterRequests;

  constructor(parts: OutsideParts) {
    this.#parts = parts;
    this.#arbiter = new ArbiterRequests(parts.arbiter, parts.timers);
  }

  ask(effect: Question): void {
    const { network, connections, input } = this.#parts;
    switch (effect.type) {
      case 'connect': {
        const { address } = effect;
        network.dial(address).then(
          (channel) => connections.dialled(channel, address),
          (error: Error) => input({ type: 'connect-failed', address, reason: error.message }),
        );
        break;
      }
      case 'close':
        connections.closePeer(effect.peer);
        break;
      case 'heartbeat':
        network.heartbeat(effect.address, effect.message.epoch, encodeMessage(effect.message));
        break;
      case 'probe': {
        const { address } = effect;
        network.isGone(address).then((gone) => input({ type: 'probe-result', address, gone }));
        break;
      }
      case 'arbiter-prepare':
        this.#parts.arbiter.prepare?.(effect.record);
        break;
      case 'arbiter-read': {
        const { requestId } = effect;
        this.#arbiter.read((result) => input({ type: 'arbiter-result', requestId, result }));
        break;
      }
      case 'arbiter-cas': {
        const { requestId, expectedGeneration, record } = effect;
        const answer = (result: ArbiterResult): void => input({ type: 'arbiter-result', requestId, result });
        this.#arbiter.compareAndSet(expectedGeneration, record, answer);
        break;
      }
    }
  }
}

/** The message in a datagram; undefined if it holds anything else. */
export function decodeDatagram(payload: Uint8Array): Message | undefined {
  try {
    return decodeMessage(payload);
  } catch {
    return undefined;
  }
}
