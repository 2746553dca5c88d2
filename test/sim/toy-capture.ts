/**
 * Copies a toy guest's state out while it runs on: some of it before the position is fixed, the rest after, in pieces that
 * wait for credit. Like a real guest thread it keeps the order of what it tells, and forgets what was cancelled.
 */
import type { Entry, Position } from '../../src/log/entry.js';
import type { CaptureEvents } from '../../src/runtime/ports.js';
import { SafetyError } from './checker.js';
import type { Host } from './host.js';
import type { Random } from './random.js';
import { exportHistory } from './toy-state.js';

/** Bytes of state under way at one time. */
const WINDOW_BYTES = 1_500;
/** A large state must not take all day. */
const PIECES_MAX = 40;
const PASSING_FAILURES = 0.06;

export interface Capturable {
  readonly history: readonly Entry[];
  /** The guest has ended. */
  isOver(): boolean;
  /** Hands over what was logged, so that the position stands behind it. */
  fixPosition(): Position;
  /** In guest order. */
  tell(message: () => void): void;
}

interface Capture {
  readonly id: number;
  /** Rounds of copying before the position is fixed. */
  rounds: number;
  /** Entries of the history that have been copied. */
  copied: number;
  readonly pending: Uint8Array[];
  underWay: number;
  fixed: boolean;
  moving: boolean;
}

export class ToyCapture {
  #possible = true;
  readonly #host: Host;
  readonly #random: Random;
  readonly #guest: Capturable;
  readonly #events: CaptureEvents;
  readonly #offByOne: boolean;
  #capture: Capture | undefined;

  /** `offByOne`: a mistake to be found. */
  constructor(host: Host, random: Random, guest: Capturable, events: CaptureEvents, offByOne: boolean) {
    this.#host = host;
    this.#random = random;
    this.#guest = guest;
    this.#events = events;
    this.#offByOne = offByOne;
  }

  /** False: this guest cannot be captured at all. */
  get possible(): boolean {
    return this.#possible;
  }

  forbid(): void {
    this.#possible = false;
  }

  begin(id: number): void {
    if (this.#capture !== undefined) throw new SafetyError(`${this.#host.name} was asked for two captures at once`);
    const rounds = this.#random.whole(0, 2);
    const capture = { id, rounds, copied: 0, pending: [], underWay: 0, fixed: false, moving: false };
    this.#capture = capture;
    this.#move(capture);
  }

  cancel(id: number): void {
    if (this.#capture?.id === id) this.#capture = undefined;
  }

  credit(id: number, bytes: number): void {
    const capture = this.#capture;
    if (capture?.id !== id) return;
    capture.underWay -= bytes;
    if (capture.underWay < 0) throw new SafetyError(`${this.#host.name} was given credit for more state than it sent`);
    this.#move(capture);
  }

  #move(capture: Capture): void {
    if (capture.moving) return;
    capture.moving = true;
    const delayMs = this.#random.between(0.05, this.#random.chance(0.1) ? 25 : 1.5);
    this.#host.scheduler.after(delayMs, () =>
      this.#host.whenRunning(() => {
        capture.moving = false;
        if (this.#capture === capture && !this.#guest.isOver()) this.#step(capture);
      }),
    );
  }

  #step(capture: Capture): void {
    if (!this.#possible) return this.#fail(capture, 'made to fail', false);
    if (this.#random.chance(PASSING_FAILURES / PIECES_MAX)) return this.#fail(capture, 'something passing', true);
    if (capture.pending.length === 0 && !capture.fixed) this.#copy(capture);
    const piece = capture.pending[0];
    // What is larger than the window travels alone.
    const fits = capture.underWay === 0 || capture.underWay + (piece?.length ?? 0) <= WINDOW_BYTES;
    if (piece === undefined || !fits) return;
    capture.pending.shift();
    capture.underWay += piece.length;
    const last = capture.fixed && capture.pending.length === 0;
    this.#tell(capture, () => {
      if (last) this.#capture = undefined;
      this.#events.onState(capture.id, piece, last);
    });
    if (!last) this.#move(capture);
  }

  /** What has come since the last round; in the last one the position is fixed first. */
  #copy(capture: Capture): void {
    capture.fixed = capture.rounds-- <= 0;
    const position = capture.fixed ? this.#guest.fixPosition() : undefined;
    const bytes = exportHistory(this.#guest.history, capture.copied);
    capture.copied = this.#guest.history.length;
    const size = Math.max(this.#random.whole(20, 400), Math.ceil(bytes.length / PIECES_MAX));
    for (let at = 0; at < bytes.length; at += size) capture.pending.push(bytes.slice(at, at + size));
    if (position === undefined) return;
    const event = this.#offByOne ? Math.max(0, position.event - 1) : position.event;
    const cost = { pauseMs: 0, changeMs: 0, changedPages: 0, pages: 0 };
    this.#tell(capture, () => this.#events.onCaptured(capture.id, event, position.counter, cost));
  }

  #fail(capture: Capture, reason: string, retry: boolean): void {
    this.#tell(capture, () => {
      this.#capture = undefined;
      this.#events.onCaptureFailed(capture.id, reason, retry);
    });
  }

  #tell(capture: Capture, message: () => void): void {
    this.#guest.tell(() => {
      if (this.#capture === capture) message();
    });
  }
}
