/**
 * A running replica's durable directory: what the driver does and hears goes into it, outputs wait for it if they are to,
 * the guest waits while the disk is too slow (R7), and snapshots are taken now and then.
 */
import type { DurableStore, OutputAfter, Recovered, StoreEvents } from '../durable/index.js';
import { EVENTS, type EventName } from '../replica/events.js';
import type { DurableStatus } from './control-link.js';
import type { GuestPause } from './guest-pause.js';
import type { EventListener, GuestControl, Timers } from './ports.js';
import { type SnapshotPolicy, SnapshotSchedule } from './snapshot-schedule.js';

export interface DurablePolicy extends SnapshotPolicy {
  /** fsync: no output leaves before the log that led to it is on the disk. */
  readonly outputAfter: OutputAfter;
}

export interface DurableParts {
  readonly policy: DurablePolicy;
  readonly guest: GuestControl;
  readonly timers: Timers;
  readonly onEvent: EventListener;
  /** The directory, as it is now. */
  readonly size: () => Pick<DurableStatus, 'path' | 'bytes' | 'segments'>;
}

/** The driver, as the link needs it. */
export interface DurableOwner {
  readonly pause: GuestPause;
  /** The disk has the log up to `event`. */
  onSynced(event: number): void;
  /** What clients may not have yet; everything up to the captured event has passed. */
  exportOutputs(): Uint8Array;
  /** Outputs wait for a disk that has failed. */
  onFailed(reason: string): void;
}

/** The guest waits while more than this many bytes wait for the disk. */
const QUEUED_BYTES_MAX = 16 << 20;
/** What clients have not taken must fit one frame. */
const OUTPUTS_BYTES_MAX = 48 << 20;
/** Pause before a directory that could not be written is tried again; doubled each time, up to the second. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;

export class DurableLink implements StoreEvents {
  readonly #parts: DurableParts;
  readonly #schedule: SnapshotSchedule;
  #store: DurableStore | undefined;
  #owner: DurableOwner | undefined;
  /** Our name for the capture that the guest is making for us; negative, the protocol's own are positive. */
  #capture: number | undefined;
  #captures = 0;
  /** The guest's state goes, or comes, to or from another replica. */
  #transferring = false;
  #begun = false;
  #guestRuns = false;
  #retryMs = RETRY_MS;
  #retryAtMs = 0;

  private constructor(parts: DurableParts) {
    this.#parts = parts;
    this.#schedule = new SnapshotSchedule(parts.policy, parts.timers.now());
  }

  /** `open`: makes the store that reports to what it is given. */
  static async open(parts: DurableParts, open: (events: StoreEvents) => Promise<DurableStore>): Promise<DurableLink> {
    const link = new DurableLink(parts);
    link.#store = await open(link);
    return link;
  }

  get status(): DurableStatus {
    const { snapshotEvent, syncedEvent } = this.store;
    return { ...this.#parts.size(), snapshotEvent, syncedEvent };
  }

  get store(): DurableStore {
    return this.#store!;
  }

  attach(owner: DurableOwner): void {
    this.#owner = owner;
  }

  /** How far outputs may leave that may leave up to `event` as far as everybody else is concerned. */
  releasable(event: number): number {
    return this.#waits ? Math.min(event, this.store.syncedEvent) : event;
  }

  get #waits(): boolean {
    return this.#parts.policy.outputAfter === 'fsync';
  }

  /** Everything is from disk: the log goes on behind it. */
  recovered({ event, logBytes, snapshot }: Recovered): void {
    this.#begun = true;
    if (snapshot !== undefined) this.#schedule.found(snapshot);
    this.#schedule.logged(event, logBytes);
  }

  /** A piece of the state that this replica's guest will start from. */
  restore(piece: Uint8Array): void {
    this.#beginRestoring();
    this.store.piece(piece);
  }

  /** Between the pieces, or before them. */
  restoreOutputs(event: number, counter: number, outputs: Uint8Array): void {
    this.#beginRestoring();
    this.store.captured(event, counter, outputs);
  }

  startGuest(): void {
    if (this.#begun) this.store.endSnapshot();
    else this.store.beginAnew(0);
    this.#begun = true;
    this.#transferring = false;
    this.#guestRuns = true;
  }

  /** Clients that may have seen more than was recovered have been let go; `progress` says so to whoever recovers next. */
  clearDoubt(progress: Uint8Array): void {
    if (progress.length > 0) this.store.progress(progress);
    this.store.doubt(false);
  }

  append(firstEvent: number, lastEvent: number, counter: number, batch: Uint8Array): void {
    this.store.append(firstEvent, lastEvent, counter, batch);
    this.#schedule.logged(lastEvent, batch.length);
    if (this.store.queuedBytes > QUEUED_BYTES_MAX) this.#owner?.pause.set('disk', true);
  }

  /** The protocol wants the guest's state; that comes first. */
  transferBegins(): void {
    this.#transferring = true;
    if (this.#capture !== undefined) this.#cancel();
  }

  transferEnds(): void {
    this.#transferring = false;
  }

  tick(): void {
    const { timers, guest } = this.#parts;
    const nowMs = timers.now();
    if (!this.#guestRuns || this.#transferring || this.#schedule.isBusy) return;
    if (this.store.isBroken) {
      if (nowMs < this.#retryAtMs) return;
      this.store.beginAnew(this.store.appendedEvent);
      this.#schedule.want();
    }
    // The state that this replica was given may be longer on its way to the disk than it took to come.
    if (!this.#schedule.isDue(nowMs) || this.store.isTakingState) return;
    this.#schedule.begun(nowMs);
    this.#capture = -++this.#captures;
    this.store.beginSnapshot(false);
    guest.capture(this.#capture);
  }

  /** Whether capture `capture` is ours; what follows is about ours. */
  owns(capture: number): boolean {
    return capture < 0;
  }

  onState(capture: number, piece: Uint8Array, last: boolean): void {
    if (capture !== this.#capture) return;
    this.store.piece(piece);
    if (!last) return;
    this.#capture = undefined;
    this.store.endSnapshot();
  }

  onCaptured(capture: number, event: number, counter: number): void {
    if (capture !== this.#capture) return;
    const outputs = this.#owner!.exportOutputs();
    if (outputs.length > OUTPUTS_BYTES_MAX) {
      this.#cancel();
      return this.#report('durable-snapshot-failed', {
        reason: `clients have not taken ${outputs.length} bytes of output`,
      });
    }
    // A replaying guest that is behind a gap in the log: it will have passed that soon.
    if (!this.store.captured(event, counter, outputs)) this.#cancel();
  }

  onCaptureFailed(capture: number, reason: string, retry: boolean): void {
    if (capture !== this.#capture) return;
    this.#capture = undefined;
    this.store.cancelSnapshot();
    this.#snapshotFailed(reason, retry);
  }

  /** Writes what is left. Never rejects. */
  async close(): Promise<void> {
    this.#guestRuns = false;
    await this.store.close();
  }

  onSynced(event: number): void {
    if (this.#waits) this.#owner?.onSynced(event);
  }

  onWritten(): void {
    if (this.store.queuedBytes < QUEUED_BYTES_MAX / 2) this.#owner?.pause.set('disk', false);
  }

  onStateWritten(bytes: number): void {
    if (this.#capture !== undefined) this.#parts.guest.stateCredit(this.#capture, bytes);
  }

  onSnapshot({ event, bytes }: { event: number; bytes: number }): void {
    const ms = this.#schedule.done(this.#parts.timers.now(), event, bytes);
    this.#report('durable-snapshot', { snapshotEvent: event, bytes, ms: Math.round(ms) });
    if (this.#retryAtMs === 0) return;
    this.#retryAtMs = 0;
    this.#retryMs = RETRY_MS;
    this.#report('durable-again', { snapshotEvent: event });
  }

  onSnapshotFailed(error: Error): void {
    if (this.#capture !== undefined) this.#parts.guest.cancelCapture(this.#capture);
    this.#capture = undefined;
    this.#snapshotFailed(error.message, true);
  }

  onFailure(error: Error): void {
    if (this.#capture !== undefined) this.#parts.guest.cancelCapture(this.#capture);
    this.#capture = undefined;
    this.#report('durable-failed', { reason: error.message });
    this.#schedule.failed(this.#parts.timers.now(), true);
    this.#retryAtMs = this.#parts.timers.now() + this.#retryMs;
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
    this.#owner?.pause.set('disk', false);
    if (this.#waits) this.#owner?.onFailed(error.message);
  }

  #beginRestoring(): void {
    if (!this.#begun) this.store.beginSnapshot(true);
    this.#begun = true;
    this.#transferring = true;
  }

  #snapshotFailed(reason: string, retry: boolean): void {
    this.#schedule.failed(this.#parts.timers.now(), retry);
    this.#report('durable-snapshot-failed', { reason });
  }

  #cancel(): void {
    this.#parts.guest.cancelCapture(this.#capture!);
    this.#capture = undefined;
    this.store.cancelSnapshot();
    this.#schedule.failed(this.#parts.timers.now(), true);
  }

  #report(name: EventName, fields: Readonly<Record<string, unknown>>): void {
    this.#parts.onEvent(name, EVENTS[name].level, fields);
  }
}
