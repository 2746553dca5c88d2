/**
 * The host calls of the toy guest, answered through the real Session: live from the stream table, replaying from the log.
 * A call that would block throws {@link BLOCKED} and is made again later.
 */
import type { StreamId } from '../../src/host/services.js';
import type { LoggedValue } from '../../src/log/entry.js';
import type { CallInfo, Effect } from '../../src/record/call.js';
import type { Session } from '../../src/record/session.js';
import { OUTPUT_WINDOW_BYTES, type StreamTable } from '../../src/runtime/guest/streams.js';
import type { Output } from '../../src/runtime/held-outputs.js';
import { bytesText, textBytes } from './lines.js';
import type { Random } from './random.js';
import { type Descriptor, EOF, type HostCall, RESET, type ToyProgram } from './toy-program.js';

/** Thrown by a call that would block. One for all: it happens too often for a stack trace each. */
export const BLOCKED = new Error('the guest would block');

/** Output that may be under way per stream: small, so that guests see full windows. */
const WINDOW_BYTES = 60;
const NO_STREAM = -1;
const INSTRUCTIONS_PER_CALL = 10;

/** What of the guest's doings concerns the I/O side. */
export interface ToyHostEvents {
  output(output: Output): void;
  /** The guest has taken input as of `event`. */
  consumed(stream: StreamId, bytes: number, event: number): void;
}

type Names = HostCall['name'];
type Live = StreamTable;

const CLASSES: Record<Names, CallInfo['class']> = {
  ...{ poll: 'input', accept: 'input', clock: 'input', recv: 'input' },
  ...{ send: 'output', shutdown: 'output', close: 'output', print: 'output' },
};
const NAMES = Object.keys(CLASSES) as Names[];

export class ToyHost {
  readonly #program: ToyProgram;
  readonly #session: Session;
  readonly #events: ToyHostEvents;
  readonly #random: Random;
  readonly #functions: Record<Names, (...args: number[]) => number>;
  #call: HostCall = { name: 'poll' };
  #counter = 0;

  constructor(program: ToyProgram, session: Session, streams: StreamTable, events: ToyHostEvents, random: Random) {
    this.#program = program;
    this.#session = session;
    this.#events = events;
    this.#random = random;
    const bind = (name: Names, index: number) => {
      const info = { id: 16 + index, name: `toy.${name}`, class: CLASSES[name], params: [] };
      const handler = () => this.#effect(this.#call);
      const rethrow = (error: unknown) => {
        throw error;
      };
      return [name, session.hostFunction(info, handler, streams, rethrow)];
    };
    this.#functions = Object.fromEntries(NAMES.map(bind));
  }

  /** Makes one host call. @throws BLOCKED if it must wait */
  call(call: HostCall): number {
    this.#call = call;
    const counter = this.#counter + INSTRUCTIONS_PER_CALL;
    const result = this.#functions[call.name]('fd' in call ? call.fd : 0, counter);
    this.#counter = counter;
    return result;
  }

  #effect(call: HostCall): Effect<Live> {
    switch (call.name) {
      case 'poll':
        return this.#poll();
      case 'accept':
        return this.#accept();
      case 'clock':
        return { class: 'input', observe: () => this.#random.word(), accepts: isNumber, apply: () => 0 };
      case 'print':
        return this.#output(textBytes(call.text), (bytes, event) => ({ kind: 'stdio', fd: 1, bytes, event }));
      case 'recv':
        return this.#recv(this.#descriptor(call.fd));
      case 'send':
        return this.#send(this.#descriptor(call.fd));
      case 'shutdown': {
        const { stream } = this.#descriptor(call.fd);
        return this.#output(textBytes(''), (_, event) => ({ kind: 'shutdown', stream, how: 'write', event }));
      }
      case 'close': {
        const { stream } = this.#descriptor(call.fd);
        return this.#output(textBytes(''), (_, event) => ({ kind: 'close', stream, event }));
      }
    }
  }

  #descriptor(fd: number): Descriptor {
    return this.#program.descriptors[fd] as Descriptor;
  }

  #poll(): Effect<Live> {
    const { memory, descriptors } = this.#program;
    return {
      class: 'input',
      observe: (streams) => {
        const accept = streams.pendingAccepts(0) > 0;
        const ready = descriptors.flatMap((descriptor, fd) =>
          descriptor !== undefined && isReady(streams, descriptor) ? [fd] : [],
        );
        if (!accept && ready.length === 0) throw BLOCKED;
        return [accept ? 1 : 0, ...ready];
      },
      accepts: Array.isArray,
      apply: (result) => {
        const [accept, ...ready] = result as number[];
        memory.accept = accept === 1;
        memory.ready = ready;
        return 0;
      },
    };
  }

  #accept(): Effect<Live> {
    return {
      class: 'input',
      observe: (streams) => streams.accept(0) ?? NO_STREAM,
      accepts: isNumber,
      apply: (stream) => (stream === NO_STREAM ? RESET : this.#program.open(stream as number)),
    };
  }

  #recv(descriptor: Descriptor): Effect<Live> {
    const { stream } = descriptor;
    const { memory } = this.#program;
    return {
      class: 'input',
      observe: (streams) => {
        if (streams.isReset(stream)) return 'reset';
        if (streams.readable(stream) === 0) return streams.ended(stream) ? 'eof' : 'again';
        const max = this.#random.chance(0.3) ? this.#random.whole(1, 20) : 100_000;
        const bytes = streams.receive(stream, max, false).slice();
        const taken = streams.takenAtLeast(stream, 1);
        // The entry of this call is the next one: input that it took is accepted once that is acknowledged.
        this.#events.consumed(stream, taken, this.#session.event + 1);
        return bytes;
      },
      accepts: (result) => typeof result === 'string' || result instanceof Uint8Array,
      apply: (result) => {
        memory.text = '';
        if (result === 'reset') return RESET;
        if (result === 'eof') return EOF;
        if (typeof result === 'string') return 1;
        const bytes = result as Uint8Array;
        memory.text = bytesText(bytes);
        descriptor.inputOffset += bytes.length;
        return bytes.length;
      },
    };
  }

  #send(descriptor: Descriptor): Effect<Live> {
    const { stream } = descriptor;
    return {
      class: 'output',
      observe: (streams) => {
        if (streams.isReset(stream)) return -1;
        return Math.max(0, Math.min(descriptor.output.length, room(streams, stream)));
      },
      accepts: isNumber,
      digest: (count, digest) =>
        digest.updateBytes(textBytes(descriptor.output.slice(0, Math.max(0, count as number)))),
      apply: (count, event) => {
        if ((count as number) < 0) return RESET;
        const bytes = textBytes(descriptor.output.slice(0, count as number));
        if (bytes.length > 0) this.#events.output({ kind: 'send', stream, bytes, event });
        return bytes.length;
      },
    };
  }

  #output(bytes: Uint8Array, make: (bytes: Uint8Array, event: number) => Output): Effect<Live> {
    return {
      class: 'output',
      observe: () => null,
      accepts: (result: LoggedValue) => result === null,
      digest: (_, digest) => digest.updateBytes(bytes),
      apply: (_, event) => {
        this.#events.output(make(bytes, event));
        return 0;
      },
    };
  }
}

function isReady(streams: StreamTable, { stream, inputEnded, output }: Descriptor): boolean {
  if (streams.isReset(stream)) return true;
  if (!inputEnded && (streams.readable(stream) > 0 || streams.ended(stream))) return true;
  return output !== '' && room(streams, stream) > 0;
}

/** The real table's window, made small. */
function room(streams: StreamTable, stream: StreamId): number {
  return WINDOW_BYTES - (OUTPUT_WINDOW_BYTES - streams.writable(stream));
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}
