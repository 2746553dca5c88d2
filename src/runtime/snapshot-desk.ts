/**
 * Snapshots of a running replica that operators ask for, one at a time. They give way to what redundancy needs: a capture for
 * a backup goes first, and ends one that is under way.
 */
import type { CaptureEvents, GuestControl } from './ports.js';

/** Where a snapshot goes. Nothing follows the last piece or a failure. */
export interface SnapshotSink {
  /** The state is that of `event` and `counter`; `outputs` is what clients may not have then (outputs-section.ts). */
  captured(event: number, counter: number, outputs: Uint8Array): void;
  piece(piece: Uint8Array, last: boolean): void;
  failed(reason: string): void;
}

/** What the receiver of a snapshot says. */
export interface SnapshotReceiver {
  /** So many bytes of pieces have been kept. */
  taken(bytes: number): void;
  /** It does not want the rest. */
  leave(): void;
}

export interface SnapshotDeskParts {
  readonly guest: GuestControl;
  /** Why there can be no snapshot now; undefined if there can. */
  readonly obstacle: () => string | undefined;
  readonly exportOutputs: () => Uint8Array;
  /** Nobody else may begin a capture. */
  readonly onBegin: () => void;
  readonly onEnd: () => void;
}

/** Names of captures from here on are ours; the protocol's are smaller. */
const FIRST_CAPTURE = 2 ** 40;

export class SnapshotDesk implements CaptureEvents {
  readonly #parts: SnapshotDeskParts;
  #capture = FIRST_CAPTURE;
  #sink: SnapshotSink | undefined;

  constructor(parts: SnapshotDeskParts) {
    this.#parts = parts;
  }

  owns(capture: number): boolean {
    return capture >= FIRST_CAPTURE;
  }

  /** Begins a snapshot, or says why there is none now. */
  ask(sink: SnapshotSink): SnapshotReceiver | string {
    const obstacle = this.#sink === undefined ? this.#parts.obstacle() : 'another snapshot of it is under way';
    if (obstacle !== undefined) return obstacle;
    const { guest } = this.#parts;
    this.#sink = sink;
    this.#parts.onBegin();
    guest.capture(++this.#capture);
    return {
      taken: (bytes) => {
        if (this.#sink === sink) guest.stateCredit(this.#capture, bytes);
      },
      leave: () => {
        if (this.#sink === sink) this.#end(true);
      },
    };
  }

  /** Somebody else's capture, or the end of the guest, goes first. */
  giveWay(reason: string): void {
    this.#end(true)?.failed(reason);
  }

  onState(capture: number, piece: Uint8Array, last: boolean): void {
    if (capture !== this.#capture) return;
    const sink = last ? this.#end(false) : this.#sink;
    sink?.piece(piece, last);
  }

  onCaptured(capture: number, event: number, counter: number): void {
    if (capture === this.#capture) this.#sink?.captured(event, counter, this.#parts.exportOutputs());
  }

  onCaptureFailed(capture: number, reason: string): void {
    if (capture === this.#capture) this.#end(false)?.failed(reason);
  }

  #end(cancel: boolean): SnapshotSink | undefined {
    const sink = this.#sink;
    if (sink === undefined) return undefined;
    this.#sink = undefined;
    if (cancel) this.#parts.guest.cancelCapture(this.#capture);
    this.#parts.onEnd();
    return sink;
  }
}
