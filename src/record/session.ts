/**
 * The one combinator that answers every host call: live, and then logs what was observed; or from the log, and then checks
 * that the call is the one that was logged. Handlers return an {@link Effect} for whatever touches the outside world and
 * never see the world otherwise, so none can forget the log.
 *
 * A session that replays switches to live in the middle of a call when its source says so: the log is consumed, and the
 * call that wanted the next entry is answered by this replica (rule R6).
 */
import { Digest, type DigestState } from '../bytes/digest.js';
import { type DivergenceError, invariant, LogFormatError } from '../errors.js';
import type { Entry, LoggedValue, Position } from '../log/entry.js';
import { type CallArgs, type CallInfo, type Effect, EVENT, FIRST_CALL_ID, type Step } from './call.js';
import { type Difference, DivergenceReporter, type SeenCall } from './divergence.js';
import { digestResult } from './result-digest.js';

export interface LogSink {
  append(entry: Entry): void;
}

export interface LogSource {
  /**
   * The next entry; blocks until there is one. 'live': the log is consumed and this replica now runs live. 'end': the log is
   * consumed and nothing answers any more.
   */
  next(): Entry | 'live' | 'end';
}

/** Where a session continues: all zero for a new guest, from a snapshot otherwise. */
export interface SessionState {
  readonly counter: number;
  readonly event: number;
  readonly digest: DigestState;
  /** Host calls answered so far. */
  readonly hostCalls: number;
}

export interface SessionOptions {
  /** Receives each entry of a live session. */
  readonly sink: LogSink;
  /** The log to follow; without one the session is live from the start. */
  readonly source?: LogSource;
  readonly resume?: SessionState;
}

/** A deterministic handler bound to its guest: arguments in (i32 as unsigned numbers), step out. */
export type BoundHandler<Live> = (args: CallArgs) => Step<Live>;

/** Turns what a handler threw into the call's return value, or throws it again. */
export type FailureMap = (error: unknown) => number;

type EventListener = (event: number, value: LoggedValue) => void;

export class Session {
  readonly digest = new Digest();
  readonly #sink: LogSink;
  #source: LogSource | undefined;
  /** An entry taken from the source and not yet consumed. */
  #lookahead: Entry | undefined;
  #counter = 0;
  #event = 0;
  /** The next call to be answered may have been under way when the replica before died. */
  #reissue = false;
  #hostCalls = 0;
  /** Nothing of the call under way is logged yet. */
  #isWhole = true;
  readonly #posted: { event: number; value: LoggedValue }[] = [];
  readonly #liveListeners: (() => void)[] = [];
  readonly #eventListeners: EventListener[] = [];
  #onReplayed: ((call: CallInfo, args: CallArgs) => void) | undefined;
  readonly #reporter = new DivergenceReporter();

  /** @throws LogFormatError if `resume` is no state of a session */
  constructor(options: SessionOptions) {
    this.#sink = options.sink;
    this.#source = options.source;
    if (options.resume === undefined) return;
    checkState(options.resume);
    this.#counter = options.resume.counter;
    this.#event = options.resume.event;
    this.#hostCalls = options.resume.hostCalls;
    this.digest.restore(options.resume.digest);
  }

  get mode(): 'live' | 'replay' {
    return this.#source === undefined ? 'live' : 'replay';
  }

  /** Counter of the latest host call or slice, and the number of entries so far. */
  get position(): Position {
    return { counter: this.#counter, event: this.#event };
  }

  get counter(): number {
    return this.#counter;
  }

  /** Number of the last entry logged or replayed. */
  get event(): number {
    return this.#event;
  }

  /** Host calls answered so far, pure ones included. */
  get hostCalls(): number {
    return this.#hostCalls;
  }

  /** Whether the call that is being answered could be stopped and made again: none of its steps has been logged. */
  get isCallWhole(): boolean {
    return this.#isWhole;
  }

  state(): SessionState {
    const { position, hostCalls } = this;
    return { ...position, hostCalls, digest: this.digest.save() };
  }

  /** Called once, when a replaying session goes live, before the waiting call is answered. */
  onLive(listener: () => void): void {
    this.#liveListeners.push(listener);
  }

  /** Called on every replica at the same position for each event that was posted on the live one. */
  onEvent(listener: EventListener): void {
    this.#eventListeners.push(listener);
  }

  /** Called for each call that the log answers, before its result reaches the guest; {@link event} is its entry's number. */
  onReplayed(listener: (call: CallInfo, args: CallArgs) => void): void {
    this.#onReplayed = listener;
  }

  /** Names for messages; whoever owns the call table sets it. */
  nameCalls(callName: (id: number) => string | undefined): void {
    this.#reporter.callName = callName;
  }

  /** Live only: queues an asynchronous event; it is logged and delivered at the next logged call or slice. */
  post(event: number, value: LoggedValue): void {
    invariant(this.#source === undefined, 'an event was posted on a replica that replays');
    invariant(event < FIRST_CALL_ID, `event id ${event} is not below ${FIRST_CALL_ID}`);
    this.#posted.push({ event, value });
  }

  /**
   * A pre-emption point at which events may be delivered. Replaying, it blocks until the next entry is known: a replica that
   * calls this does not run ahead of its log.
   */
  slice(counter: number): void {
    this.#counter = counter;
    if (this.#source === undefined) {
      this.#deliverPosted();
      return;
    }
    this.#lookahead ??= this.#fetch();
    while (this.#lookahead !== undefined && this.#isEventHere(this.#lookahead)) {
      this.#replayEvent(this.#lookahead);
      this.#lookahead = this.#fetch();
    }
  }

  /** Wraps a handler into what the engine calls: the WebAssembly arguments, then the counter. */
  hostFunction<Live>(
    call: CallInfo,
    handler: BoundHandler<Live>,
    live: Live,
    failure: FailureMap,
  ): (...argsThenCounter: (number | bigint)[]) => number {
    return (...args) => {
      this.#counter = args.pop() as number;
      let before = this.digest.save();
      this.#enter(call, args);
      let step: Step<Live>;
      try {
        step = handler(args);
      } catch (error) {
        return failure(error);
      }
      while (typeof step !== 'number') {
        const result = this.#answer(call, args, step, live, before);
        try {
          step = step.apply(result, this.#event);
        } catch (error) {
          return failure(error);
        }
        if (typeof step === 'number') break;
        before = this.digest.save();
        this.#isWhole = false;
      }
      return step;
    };
  }

  /** Digests the call and makes i32 arguments unsigned, as all of WASI's are. */
  #enter(call: CallInfo, args: (number | bigint)[]): void {
    this.#hostCalls++;
    this.#isWhole = true;
    this.digest.update(call.id);
    for (let index = 0; index < args.length; index++) {
      const arg = args[index]!;
      if (typeof arg === 'number') {
        args[index] = arg >>> 0;
        this.digest.update(arg);
      } else {
        this.digest.updateBigInt(arg);
      }
    }
  }

  #answer<Live>(call: CallInfo, args: CallArgs, effect: Effect<Live>, live: Live, before: DigestState): LoggedValue {
    invariant(
      call.class === effect.class || call.class === 'descriptor',
      `${call.name} is listed as ${call.class} but made an ${effect.class}`,
    );
    try {
      const entry = this.#source === undefined ? undefined : this.#replayNext(call, args);
      return entry === undefined ? this.#observe(call, effect, live) : this.#check(call, args, effect, entry);
    } catch (error) {
      // A call that was stopped before it had a result never happened: it is made again after a restore.
      this.digest.restore(before);
      if (this.#isWhole) this.#hostCalls--;
      throw error;
    }
  }

  #observe<Live>(call: CallInfo, effect: Effect<Live>, live: Live): LoggedValue {
    this.#deliverPosted();
    const result = effect.observe(live, this.#reissue);
    this.#reissue = false;
    this.#digest(effect, result);
    this.#append(call.id, result);
    return result;
  }

  #digest<Live>(effect: Effect<Live>, result: LoggedValue): void {
    digestResult(this.digest, result);
    effect.digest?.(result, this.digest);
  }

  #append(call: number, result: LoggedValue): void {
    this.#event++;
    this.#sink.append({ call, counter: this.#counter, digest: this.digest.low32(), result });
  }

  /** Takes the next call's entry, replaying events on the way; undefined once the session has gone live. */
  #replayNext(call: CallInfo, args: CallArgs): Entry | undefined {
    for (;;) {
      const entry = this.#lookahead ?? this.#fetch(call, args);
      this.#lookahead = undefined;
      if (entry === undefined || entry.call >= FIRST_CALL_ID) return entry;
      this.#replayEvent(entry);
    }
  }

  #fetch(call?: CallInfo, args: CallArgs = []): Entry | undefined {
    const next = this.#source?.next();
    if (next === undefined) return undefined;
    if (next === 'end') throw this.#reporter.ended(this.#seen(call, args));
    if (next !== 'live') return next;
    this.#goLive();
    return undefined;
  }

  #goLive(): void {
    this.#source = undefined;
    this.#reissue = true;
    this.#append(EVENT.GO_LIVE, null);
    for (const listener of this.#liveListeners) listener();
  }

  #check<Live>(call: CallInfo, args: CallArgs, effect: Effect<Live>, entry: Entry): LoggedValue {
    const { result } = entry;
    if (entry.call !== call.id) throw this.#divergence('call', entry, call, args);
    if (entry.counter !== this.#counter) throw this.#divergence('counter', entry, call, args);
    if (!effect.accepts(result)) throw this.#divergence('result', entry, call, args);
    this.#digest(effect, result);
    if (entry.digest !== this.digest.low32()) throw this.#divergence('digest', entry, call, args);
    this.#event++;
    this.#reporter.remember(entry);
    this.#onReplayed?.(call, args);
    return result;
  }

  #isEventHere(entry: Entry): boolean {
    return entry.call < FIRST_CALL_ID && entry.counter === this.#counter;
  }

  #replayEvent(entry: Entry): void {
    if (entry.counter !== this.#counter) throw this.#divergence('counter', entry);
    if (entry.digest !== this.digest.low32()) throw this.#divergence('digest', entry);
    this.#event++;
    this.#reporter.remember(entry);
    if (entry.call !== EVENT.GO_LIVE) this.#deliver(entry.call, entry.result);
  }

  #deliverPosted(): void {
    for (let next = this.#posted.shift(); next !== undefined; next = this.#posted.shift()) {
      this.#append(next.event, next.value);
      this.#deliver(next.event, next.value);
    }
  }

  #deliver(event: number, value: LoggedValue): void {
    for (const listener of this.#eventListeners) listener(event, value);
  }

  #divergence(what: Difference, expected: Entry, call?: CallInfo, args: CallArgs = []): DivergenceError {
    return this.#reporter.report(what, expected, this.#seen(call, args));
  }

  /** What the guest has just asked for. */
  #seen(call: CallInfo | undefined, args: CallArgs): SeenCall {
    return { counter: this.#counter, event: this.#event + 1, digest: this.digest.low32(), call, args };
  }
}

/** A snapshot may have been made by something else than {@link Session.state}. */
function checkState(state: SessionState): void {
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const { counter, digest, event, hostCalls } = state;
  const words = typeof digest === 'object' && digest !== null ? [digest.a, digest.b, digest.words] : [undefined];
  if ([counter, event, hostCalls].every(isCount) && words.every(Number.isInteger)) return;
  throw new LogFormatError('the state of the session is damaged', { counter, event, hostCalls });
}
