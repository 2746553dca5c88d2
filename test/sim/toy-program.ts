/**
 * The toy guest's program: a server for many connections, written against a handful of host calls in the manner of WASI.
 * It knows nothing of logs or replicas. Each `yield` is one host call; what the call learned is in `memory`.
 */
import { Conversation, RequestKind, requestId, requestKind } from './lines.js';

/** What host calls write: the guest's side of their results. */
export class ToyMemory {
  accept = false;
  /** Descriptors with input or with room for output. */
  ready: readonly number[] = [];
  text = '';
}

export interface Descriptor {
  stream: number;
  inputOffset: number;
  outputOffset: number;
  input: string;
  output: string;
  conversation: Conversation;
  /** The service's side is over, or about to be. */
  ending: 'no' | 'close' | 'shutdown' | 'is-shut';
  inputEnded: boolean;
}

export type HostCall =
  | { readonly name: 'poll' | 'accept' | 'clock' }
  | { readonly name: 'recv' | 'send' | 'shutdown' | 'close'; readonly fd: number }
  | { readonly name: 'print'; readonly text: string };

/** What `recv` returns besides a number of bytes. */
export const EOF = 0;
export const RESET = 0xffff_ffff;
const CLOCK_EVERY = 5;

export class ToyProgram {
  readonly memory = new ToyMemory();
  readonly descriptors: (Descriptor | undefined)[] = [];
  /** How often each request was executed. */
  readonly executed = new Map<string, number>();
  /** Requests executed in all. */
  total = 0;
  readonly #requestsMax: number;

  /** It exits after `requestsMax` requests. */
  constructor(requestsMax: number) {
    this.#requestsMax = requestsMax;
  }

  *run(): Generator<HostCall, void, number> {
    for (let turn = 1; this.total < this.#requestsMax; turn++) {
      yield { name: 'poll' };
      const { accept, ready } = this.memory;
      if (accept) yield* this.#accept();
      for (const fd of ready) {
        if (this.descriptors[fd] !== undefined) yield* this.#serve(fd, this.descriptors[fd]);
      }
      if (turn % CLOCK_EVERY === 0) yield { name: 'clock' };
    }
  }

  open(stream: number): number {
    const free = this.descriptors.indexOf(undefined);
    const fd = free < 0 ? this.descriptors.length : free;
    this.descriptors[fd] = {
      ...{ stream, inputOffset: 0, outputOffset: 0, input: '', output: '', conversation: new Conversation() },
      ...{ ending: 'no', inputEnded: false },
    };
    return fd;
  }

  *#accept(): Generator<HostCall, void, number> {
    const fd = yield { name: 'accept' };
    if (fd !== RESET && this.total % 3 === 0) yield { name: 'print', text: `accepted ${fd}\n` };
  }

  *#serve(fd: number, connection: Descriptor): Generator<HostCall, void, number> {
    if (!connection.inputEnded) {
      const received = yield { name: 'recv', fd };
      if (received === RESET) return yield* this.#close(fd);
      if (received === EOF) connection.inputEnded = true;
      this.#execute(connection);
    }
    while (connection.output !== '') {
      const sent = yield { name: 'send', fd };
      if (sent === RESET) return yield* this.#close(fd);
      connection.output = connection.output.slice(sent);
      connection.outputOffset += sent;
      if (sent === 0) return;
    }
    if (connection.ending === 'shutdown') {
      connection.ending = 'is-shut';
      yield { name: 'shutdown', fd };
    }
    if (connection.inputEnded || connection.ending === 'close') yield* this.#close(fd);
  }

  *#close(fd: number): Generator<HostCall, void, number> {
    yield { name: 'close', fd };
    this.descriptors[fd] = undefined;
  }

  #execute(connection: Descriptor): void {
    connection.input += this.memory.text;
    this.memory.text = '';
    let from = 0;
    for (let end = connection.input.indexOf('\n'); end >= 0; end = connection.input.indexOf('\n', from)) {
      const line = connection.input.slice(from, end);
      from = end + 1;
      if (connection.ending !== 'close') this.#request(connection, line);
    }
    connection.input = connection.input.slice(from);
  }

  #request(connection: Descriptor, line: string): void {
    this.total++;
    const id = requestId(line);
    this.executed.set(id, (this.executed.get(id) ?? 0) + 1);
    const reply = connection.conversation.take(line);
    const kind = requestKind(line);
    if (kind === RequestKind.Silent || connection.ending !== 'no') return;
    connection.output += `${reply}${this.total}\n`;
    if (kind === RequestKind.Quit) connection.ending = 'close';
    if (kind === RequestKind.HalfClose) connection.ending = 'shutdown';
  }
}
