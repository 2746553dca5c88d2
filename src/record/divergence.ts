/** The report of a replay that did not do what the log says (rule R10): entry expected, call seen, what came before. */
import { DivergenceError } from '../errors.js';
import type { Entry } from '../log/entry.js';
import type { CallArgs, CallInfo } from './call.js';

/** Entries kept for the report. */
const RECENT_ENTRIES = 8;
const PREVIEW_BYTES = 32;

/** The call that a replica made where it diverged; without `call`, an asynchronous event was due. */
export interface SeenCall {
  readonly counter: number;
  /** Number that the entry has in the log. */
  readonly event: number;
  readonly digest: number;
  readonly call: CallInfo | undefined;
  readonly args: CallArgs;
}

/** What differed first. 'result': the entry's result is not one that this call can have. 'end': there is no entry. */
export type Difference = 'call' | 'counter' | 'digest' | 'result' | 'end';

export class DivergenceReporter {
  callName: (id: number) => string | undefined = () => undefined;
  readonly #recent: (Entry | undefined)[] = new Array(RECENT_ENTRIES).fill(undefined);
  #count = 0;

  remember(entry: Entry): void {
    this.#recent[this.#count++ % RECENT_ENTRIES] = entry;
  }

  report(difference: Difference, expected: Entry, seen: SeenCall): DivergenceError {
    const args = argumentsOf(seen);
    const message =
      `replay diverged at event ${seen.event} (${difference} differs): the log has ${this.#show(expected)}, ` +
      `the guest ${describeSeen(seen, args)} at counter ${seen.counter}, digest ${hex(seen.digest)}`;
    return new DivergenceError(message, this.#details(difference, expected, seen, args));
  }

  /** The guest made a call behind the last entry of a log that does not go on. */
  ended(seen: SeenCall): DivergenceError {
    const { counter, event } = seen;
    const args = argumentsOf(seen);
    const message = `replay diverged at event ${event}: the log ends before it, the guest ${describeSeen(seen, args)} at counter ${counter}`;
    return new DivergenceError(message, this.#details('end', null, seen, args));
  }

  #details(
    difference: Difference,
    expected: Entry | null,
    seen: SeenCall,
    args: Readonly<Record<string, unknown>>,
  ): Record<string, unknown> {
    return {
      difference,
      position: { counter: seen.counter, event: seen.event },
      expected: expected && this.#plain(expected),
      seen: { call: seen.call?.name ?? null, counter: seen.counter, digest: seen.digest, args },
      recent: this.#history().map((entry) => this.#plain(entry)),
    };
  }

  /** Oldest first. */
  #history(): Entry[] {
    const from = Math.max(0, this.#count - RECENT_ENTRIES);
    const history: Entry[] = [];
    for (let at = from; at < this.#count; at++) history.push(this.#recent[at % RECENT_ENTRIES]!);
    return history;
  }

  #name(id: number): string {
    return this.callName(id) ?? `call ${id}`;
  }

  #show(entry: Entry): string {
    return `${this.#name(entry.call)} at counter ${entry.counter}, digest ${hex(entry.digest)}, result ${preview(entry.result)}`;
  }

  #plain(entry: Entry): Record<string, unknown> {
    const { counter, digest } = entry;
    return { call: this.#name(entry.call), counter, digest, result: preview(entry.result) };
  }
}

function argumentsOf(seen: SeenCall): Record<string, unknown> {
  return Object.fromEntries(seen.args.map((arg, at) => [seen.call?.params[at] ?? `arg${at}`, arg]));
}

function describeSeen(seen: SeenCall, args: Readonly<Record<string, unknown>>): string {
  if (seen.call === undefined) return 'was';
  const shown = Object.entries(args).map(([name, value]) => `${name}=${value}`);
  return `made ${seen.call.name}(${shown.join(', ')})`;
}

function hex(digest: number): string {
  return `0x${digest.toString(16).padStart(8, '0')}`;
}

/** A short, printable form of a logged value. */
export function preview(value: unknown): string {
  if (value instanceof Uint8Array) {
    const shown = Array.from(value.subarray(0, PREVIEW_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join('');
    return `${value.length} bytes ${shown}${value.length > PREVIEW_BYTES ? '...' : ''}`;
  }
  if (Array.isArray(value)) return `[${value.slice(0, PREVIEW_BYTES).map(preview).join(', ')}]`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
