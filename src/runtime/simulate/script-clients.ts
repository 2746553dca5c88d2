/** Carries a script out: its clients are connections of a gateway in this process, and keep every byte that they are sent. */
import { FtWasmError } from '../../errors.js';
import type { ClientSocket, ClientStream } from '../../gateway/client-stream.js';
import type { Gateway } from '../../gateway/gateway.js';
import type { Script, ScriptStep } from './script.js';

/** How a client's connection has ended, as the client sees it. */
export type ClientEnd = 'open' | 'ended' | 'reset';

/** What one client was sent. */
export interface ClientRecord {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly end: ClientEnd;
}

/** A script that waits for longer than this, of the guest's time, waits for something that never comes. */
const WAIT_MS_MAX = 60_000;

class ScriptClient implements ClientSocket {
  readonly name: string;
  readonly #gateway: Gateway;
  readonly #stream: ClientStream;
  #bytes = new Uint8Array(1024);
  #length = 0;
  /** Up to here the script has waited for. */
  #seen = 0;
  #end: ClientEnd = 'open';
  #inputEnded = false;
  #outputEnded = false;

  constructor(name: string, gateway: Gateway, listener: number) {
    this.name = name;
    this.#gateway = gateway;
    this.#stream = gateway.connect(listener, this);
  }

  get record(): ClientRecord {
    return { name: this.name, bytes: this.#bytes.slice(0, this.#length), end: this.#end };
  }

  get over(): boolean {
    return this.#end !== 'open';
  }

  send(bytes: Uint8Array): void {
    this.#gateway.input(this.#stream, bytes);
  }

  endInput(): void {
    this.#inputEnded = true;
    this.#gateway.inputEnd(this.#stream);
    this.#leaveIfOver();
  }

  break(): void {
    this.#end = 'reset';
    this.#gateway.disconnected(this.#stream);
  }

  /** Passes over everything up to the end of `wanted`; false if it has not come. */
  sees(wanted: Uint8Array): boolean {
    const bytes = this.#bytes.subarray(0, this.#length);
    const first = wanted[0] as number;
    for (let at = bytes.indexOf(first, this.#seen); at >= 0; at = bytes.indexOf(first, at + 1)) {
      if (!wanted.every((byte, index) => bytes[at + index] === byte)) continue;
      this.#seen = at + wanted.length;
      return true;
    }
    return false;
  }

  seesCount(count: number): boolean {
    if (this.#length - this.#seen < count) return false;
    this.#seen += count;
    return true;
  }

  write(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(2 * length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
    this.#gateway.delivered(this.#stream, bytes.length);
  }

  end(): void {
    this.#outputEnded = true;
    if (this.#end === 'open') this.#end = 'ended';
    this.#leaveIfOver();
  }

  close(): void {
    if (this.#end === 'open') this.#end = 'ended';
  }

  reset(): void {
    this.#end = 'reset';
  }

  pause(): void {}

  resume(): void {}

  /** A socket both of whose sides have ended is closed. */
  #leaveIfOver(): void {
    if (this.#inputEnded && this.#outputEnded) this.#gateway.disconnected(this.#stream);
  }
}

export class ScriptClients {
  readonly #script: Script;
  readonly #gateway: Gateway;
  readonly #clients = new Map<string, ScriptClient>();
  #next = 0;
  #waitedMs = 0;

  constructor(script: Script, gateway: Gateway) {
    this.#script = script;
    this.#gateway = gateway;
  }

  /** Every step has been carried out. */
  get done(): boolean {
    return this.#next === this.#script.steps.length;
  }

  get records(): ClientRecord[] {
    return [...this.#clients.values()].map((client) => client.record);
  }

  /** Carries out what can be done now; false if nothing could. */
  advance(): boolean {
    const before = this.#next;
    while (!this.done && this.#try(this.#script.steps[this.#next] as ScriptStep)) {
      this.#next++;
      this.#waitedMs = 0;
    }
    return this.#next > before;
  }

  /** Time passes and nothing happens. @throws FtWasmError FTW_USAGE for a script that waits in vain */
  waited(ms: number): void {
    this.#waitedMs += ms;
    if (this.done || this.#waitedMs < WAIT_MS_MAX) return;
    const line = this.#script.lines[this.#next];
    const what = `script line ${line}: waited in vain; what came is ${JSON.stringify(this.#lastWords())}`;
    throw new FtWasmError('FTW_USAGE', what, { line });
  }

  /** The guest has ended. @throws FtWasmError FTW_USAGE if the script has not */
  finish(): void {
    if (this.done) return;
    const line = this.#script.lines[this.#next];
    throw new FtWasmError('FTW_USAGE', `script line ${line}: the guest ended before this could be done`, { line });
  }

  #try(step: ScriptStep): boolean {
    if (step.kind === 'pause') return this.#waitedMs >= step.ms;
    if (step.kind === 'connect') {
      this.#clients.set(step.name, new ScriptClient(step.name, this.#gateway, step.listener));
      return true;
    }
    const client = this.#clients.get(step.name) as ScriptClient;
    switch (step.kind) {
      case 'send':
        client.send(step.bytes);
        return true;
      case 'wait':
        return client.sees(step.bytes);
      case 'wait-count':
        return client.seesCount(step.count);
      case 'wait-end':
        return client.over;
      case 'end':
        client.endInput();
        return true;
      case 'reset':
        client.break();
        return true;
    }
  }

  /** The end of what the waiting client was sent. */
  #lastWords(): string {
    const step = this.#script.steps[this.#next];
    const client = step !== undefined && 'name' in step ? this.#clients.get(step.name) : undefined;
    return String.fromCharCode(...(client?.record.bytes.slice(-200) ?? []));
  }
}
