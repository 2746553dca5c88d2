/**
 * The replica's side of the gateway protocol: client streams that gateways carry. Keeps, per stream, the output that the
 * client may not have yet and how much input the guest was given, on a live replica and on a backup alike; a gateway that
 * comes back, to this replica or to its successor, continues from there. Pure.
 */
import type { StreamId } from '../host/services.js';
import { GATEWAY_WAIT_MS } from './records.js';
import { GATEWAYS_PER_EPOCH, gatewayNumber, gatewayOf } from './stream-id.js';
import { ByteWindow } from './window.js';

/** A gateway counts as gone only so long after it has closed its clients, in ms: the two sides notice a loss at different times. */
export const ABSENCE_GRACE_MS = 5_000;

/** What the port tells the guest. */
export interface GuestStreams {
  open(stream: StreamId, listener: number): void;
  data(stream: StreamId, bytes: Uint8Array): void;
  eof(stream: StreamId): void;
  reset(stream: StreamId): void;
  credit(stream: StreamId, bytes: number): void;
  /** What came so far came together, and nothing else is about to: a guest that waits need not wait for more. */
  burstEnd?(): void;
}

/** A gateway's connection, as the port writes to it. */
export interface OutputLink {
  data(stream: StreamId, offset: number, bytes: Uint8Array): void;
  end(stream: StreamId): void;
  accepted(stream: StreamId, offset: number): void;
  /** Another connection of the same gateway has replaced this one. */
  cut(): void;
}

/** One stream as the replica knows it. */
export interface PortStream {
  /** Output from what the client has taken to what was released (on a backup: to what the primary has released). */
  readonly output: ByteWindow;
  /** Set when the guest ended its output, or closed the stream, at `output.end`. */
  ended: 'no' | 'end' | 'close';
  /** Output offset that the client has taken; on a backup it may be ahead of what the replay has come to. */
  delivered: number;
  /** Input offset up to which the guest's thread was given bytes. */
  inputNext: number;
  /** Input offset that the guest has taken, and how much of that is in the acknowledged log. */
  taken: number;
  accepted: number;
  /** Output before this offset is no part of the live guest's window: it was sent before this replica went live. */
  creditFrom: number;
  /** The client's side is over; the entry stays until the guest has closed its side too. */
  finished: boolean;
}

/** A stream that a guest holds when it goes live, from the replicated state. */
export interface AdoptedStream {
  readonly stream: StreamId;
  readonly inputOffset: number;
  /** Output that the guest has sent so far. Default 0. */
  readonly outputOffset?: number;
}

export class ReplicaPort {
  readonly streams = new Map<StreamId, PortStream>();
  readonly guest: GuestStreams;
  readonly service: string;
  /** Listeners that the guest has. */
  readonly listeners: number;
  /** How long a gateway may stay away, in ms: the longest that one of them has asked for. */
  absentMs = GATEWAY_WAIT_MS + ABSENCE_GRACE_MS;
  readonly #links = new Map<number, OutputLink>();
  /** Input taken as of events that are not released yet, oldest first. */
  readonly #taken: { event: number; stream: StreamId; offset: number }[] = [];
  #epoch = 0;
  #live = false;
  #nextGateway = 0;
  /** Streams whose delivered offset moved since {@link takeProgress}. */
  readonly #moved = new Set<StreamId>();
  /** Gateways whose streams live on although no link carries them, with the time by which they must return. */
  readonly #absent = new Map<number, number>();
  readonly #givenUp = new Set<number>();
  readonly #waiting = new Set<() => void>();
  readonly #newlyGivenUp: number[] = [];

  constructor(service: string, guest: GuestStreams, listeners = Number.POSITIVE_INFINITY) {
    this.service = service;
    this.guest = guest;
    this.listeners = listeners;
  }

  get live(): boolean {
    return this.#live;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** What a newcomer must know to take this replica's place, see port-state.ts. */
  get givenUp(): ReadonlySet<number> {
    return this.#givenUp;
  }

  /** On a newcomer: takes the place of everything that was heard before. */
  restore(streams: Iterable<readonly [StreamId, PortStream]>, givenUp: Iterable<number>): void {
    this.streams.clear();
    for (const [stream, state] of streams) this.streams.set(stream, state);
    this.#givenUp.clear();
    for (const gateway of givenUp) this.#givenUp.add(gateway);
  }

  /** Serves gateways from now on. `absentUntilMs`: when gateways that have not come back count as dead. */
  serve(epoch: number, adopted: readonly AdoptedStream[], absentUntilMs: number): void {
    this.#epoch = epoch;
    this.#live = true;
    this.dropNeverAccepted(new Set(adopted.map(({ stream }) => stream)));
    for (const { stream, inputOffset, outputOffset = 0 } of adopted) {
      if (gatewayOf(stream) === undefined) continue;
      const state = this.stream(stream);
      state.inputNext = inputOffset;
      state.taken = inputOffset;
      // Nobody can go live any more without the log that this replica has consumed.
      state.accepted = inputOffset;
      state.creditFrom = outputOffset;
    }
    // Also those of whom only output is left.
    for (const stream of this.streams.keys()) this.#absent.set(gatewayOf(stream) as number, absentUntilMs);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const then of waiting) then();
  }

  /** Calls `then` once, as soon as gateways are served here; the returned function cancels. */
  whenLive(then: () => void): () => void {
    this.#waiting.add(then);
    return () => void this.#waiting.delete(then);
  }

  /** The arbiter's record has a newer epoch: a backup has joined or left. */
  raiseEpoch(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
  }

  /**
   * Clients that left before the guest had accepted them in the log are known by that alone, and to nobody else. `known`:
   * streams that the guest holds, or of which output has not come here yet.
   */
  dropNeverAccepted(known: ReadonlySet<StreamId>): void {
    for (const [stream, { finished, ended }] of this.streams) {
      if (finished && ended !== 'close' && !known.has(stream)) this.streams.delete(stream);
    }
  }

  /** The state of a stream, made if this is the first that is heard of it. */
  stream(stream: StreamId): PortStream {
    let state = this.streams.get(stream);
    if (state === undefined) {
      const offsets = { delivered: 0, inputNext: 0, taken: 0, accepted: 0, creditFrom: 0 };
      state = { output: new ByteWindow(), ended: 'no', finished: false, ...offsets };
      this.streams.set(stream, state);
    }
    return state;
  }

  /** Makes `link` the one that carries the streams of gateway `number`; an older link that did is cut. */
  attach(link: OutputLink, number: number): void {
    const previous = this.#links.get(number);
    if (previous === link) return;
    this.#links.set(number, link);
    this.#absent.delete(number);
    previous?.cut();
  }

  /** The link is gone; the gateway's streams wait for it until `untilMs`. */
  detach(link: OutputLink, untilMs: number): void {
    for (const [number, carrier] of this.#links) {
      if (carrier !== link) continue;
      this.#links.delete(number);
      this.#absent.set(number, untilMs);
    }
  }

  /** Number of a gateway that says it is `known`: a new one if it has none (0), or if it was given up. Undefined: none left. */
  numberOf(known: number): number | undefined {
    if (known !== 0 && !this.#givenUp.has(known)) return known;
    if (this.#nextGateway >= GATEWAYS_PER_EPOCH) return undefined;
    return gatewayNumber(this.#epoch, this.#nextGateway++);
  }

  /** Whether all streams of gateway `number` are void. */
  isGivenUp(number: number): boolean {
    return this.#givenUp.has(number);
  }

  /** Streams of `gateway` that this replica knows. */
  *streamsOf(gateway: number): Generator<StreamId> {
    for (const stream of this.streams.keys()) if (gatewayOf(stream) === gateway) yield stream;
  }

  /** Gives up gateways that stayed away too long: their clients' connections are gone with them. */
  tick(nowMs: number): void {
    for (const [gateway, untilMs] of this.#absent) {
      if (nowMs < untilMs) continue;
      this.#absent.delete(gateway);
      this.giveUp(gateway);
      this.#newlyGivenUp.push(gateway);
      for (const stream of [...this.streamsOf(gateway)]) {
        this.forget(stream);
        this.guest.reset(stream);
      }
    }
  }

  /**
   * The guest is told that the gateway's streams are broken: should it come back, it must not open them again. Backups hear
   * of it before anything of that is in the log.
   */
  giveUp(gateway: number): void {
    this.#givenUp.add(gateway);
  }

  /** Output that may leave (live) or that the primary has let leave (backup). */
  send(stream: StreamId, bytes: Uint8Array): void {
    const state = this.stream(stream);
    const offset = state.output.end;
    state.output.push(bytes);
    this.#dropDelivered(state);
    if (!state.finished) this.#link(stream)?.data(stream, offset, bytes);
  }

  /** The guest ended its output (`end`) or closed the stream (`close`). */
  end(stream: StreamId, how: 'end' | 'close'): void {
    // A backup may hear of a stream here first: the guest has served it without sending anything.
    const state = this.stream(stream);
    state.ended = how;
    if (state.finished && how === 'close') this.streams.delete(stream);
    this.#link(stream)?.end(stream);
  }

  /** The guest took `bytes` of input as of `event`; once that is released, the gateway may forget them. */
  consumed(stream: StreamId, bytes: number, event: number): void {
    const state = this.streams.get(stream);
    if (state === undefined) return;
    state.taken += bytes;
    this.#taken.push({ event, stream, offset: state.taken });
  }

  /** Everything up to `event` is in the acknowledged log. */
  released(event: number): void {
    let count = 0;
    for (const taken of this.#taken) {
      if (taken.event > event) break;
      this.#accept(taken.stream, taken.offset);
      count++;
    }
    if (count === this.#taken.length) this.#taken.length = 0;
    else this.#taken.splice(0, count);
  }

  /** The client has taken output up to `offset`: the guest may send as much again. */
  delivered(stream: StreamId, offset: number): void {
    const state = this.streams.get(stream);
    if (state === undefined || state.finished) return;
    const before = Math.max(state.output.start, state.creditFrom);
    state.delivered = Math.max(state.delivered, offset);
    this.#dropDelivered(state);
    this.#moved.add(stream);
    const credit = state.output.start - before;
    if (credit > 0) this.guest.credit(stream, credit);
  }

  /** The stream is finished on the gateway's side. */
  forget(stream: StreamId): void {
    const state = this.streams.get(stream);
    // Backups hear of it once: what they hear again they would take for another stream.
    if (state === undefined || state.finished) return;
    this.#finish(stream, state);
    this.#moved.add(stream);
  }

  /** What backups should know since the last call: delivered offsets, or undefined for a stream that is finished. */
  takeProgress(): { stream: StreamId; delivered: number | undefined }[] {
    const moved = [...this.#moved].map((stream) => {
      const state = this.streams.get(stream);
      return { stream, delivered: state === undefined || state.finished ? undefined : state.output.start };
    });
    this.#moved.clear();
    return moved;
  }

  /** Gateways that were given up since the last call. */
  takeGivenUp(): number[] {
    return this.#newlyGivenUp.splice(0);
  }

  /** A backup's side of {@link takeProgress}. Its own replay may be behind the client: then it drops when it gets there. */
  trim(stream: StreamId, delivered: number | undefined): void {
    const state = this.stream(stream);
    if (delivered === undefined) {
      this.#finish(stream, state);
      return;
    }
    state.delivered = Math.max(state.delivered, delivered);
    this.#dropDelivered(state);
  }

  #dropDelivered(state: PortStream): void {
    const { end } = state.output;
    state.output.dropTo(state.finished ? end : Math.min(state.delivered, end));
  }

  /** A guest that has not closed its side may still send: those bytes are counted and dropped. */
  #finish(stream: StreamId, state: PortStream): void {
    state.finished = true;
    this.#dropDelivered(state);
    if (state.ended === 'close') this.streams.delete(stream);
  }

  #link(stream: StreamId): OutputLink | undefined {
    const gateway = gatewayOf(stream);
    return gateway === undefined ? undefined : this.#links.get(gateway);
  }

  #accept(stream: StreamId, offset: number): void {
    const state = this.streams.get(stream);
    if (state === undefined) return;
    state.accepted = offset;
    this.#link(stream)?.accepted(stream, offset);
  }
}
