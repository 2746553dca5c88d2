/**
 * The copy of a running guest's state, made beside it: first its files and its memory while it runs on, then, in a pause, what
 * has changed since and everything that is small; the rest of that is sent while it runs on again. How it goes:
 *
 *     copying  the guest runs; its files are sent, then its pages are looked at and sent when they have changed
 *     changing the engine has been asked for the outcome 'captured', for the guest to go on in code that notes what it writes
 *     asking   the engine has been asked for the outcome 'captured'; a guest that waits in a host call is taken out of it
 *     sending  the pause is over; what was kept in it goes out
 */
import { type EngineInstance, GuestStop } from '../../engine/engine.js';
import { FtWasmError } from '../../errors.js';
import type { HostClock } from '../../host/services.js';
import type { Position } from '../../log/entry.js';
import {
  CHUNK_BYTES_MAX,
  encodeMemory,
  PAGE_BYTES,
  PageHasher,
  type SnapshotHeader,
  SnapshotWriter,
  type StateWithoutMemories,
} from '../../snapshot/index.js';
import type { FileContents } from '../../wasi/snapshot.js';
import type { ControlBlock } from '../control.js';
import { STATE_WINDOW_BYTES } from '../ports.js';
import { CaptureAhead, type CaptureSource } from './ahead.js';
import type { Background } from './background.js';
import { DutyCycle } from './duty-cycle.js';
import { FileCopy } from './file-copy.js';
import { GuestMarking, type MarkingSource } from './marking.js';
import type { Outbox } from './outbox.js';
import { PreCopy } from './pre-copy.js';
import { Standing } from './standing.js';

/** Pages in one piece. */
const RUN_PAGES_MAX = 4;
/** A guest that must wait for room looks for it so often, in ms. */
const ROOM_LOOK_MS = 1;
/** How often a copy that waits for another thread looks whether that has made what it needs, in ms. */
const AWAITING_REST_MS = 3;
/** No piece is larger. */
const PIECE_BYTES_MAX = CHUNK_BYTES_MAX;

/** What the guest's thread knows besides the engine's state, at the pause. */
export type Sections = Readonly<Record<string, unknown>>;

export interface CaptureParts {
  readonly instance: EngineInstance;
  readonly outbox: Outbox;
  /** For memories that are large. */
  readonly markingSource?: MarkingSource | undefined;
  readonly captureSource?: CaptureSource | undefined;
  readonly control: ControlBlock;
  readonly clock: HostClock;
  readonly header: SnapshotHeader;
  /** For the pages' hashes; 64 bits that nobody else can know. */
  readonly pageSeed: () => bigint;
  readonly position: () => Position;
  /** Plain copies, see src/snapshot. */
  readonly sections: () => Sections;
  /** What private files hold, see exportContents; the sections only name them. */
  readonly files: () => FileContents;
  /** See GuestInit.captureAt. */
  readonly captureAt?: number | undefined;
}

/** A capture while the guest runs on. */
interface Copying {
  readonly name: 'copying' | 'changing' | 'asking';
  readonly files: FileCopy;
  readonly copy: PreCopy;
  readonly writer: SnapshotWriter;
}

/** A capture whose pause is over. */
interface Sending {
  readonly name: 'sending';
  readonly pieces: Iterator<Uint8Array, void>;
  readonly writer: SnapshotWriter;
}

type Phase = { readonly name: 'idle' } | Copying | Sending;

export class GuestCapture implements Background {
  readonly #parts: CaptureParts;
  readonly #cycle: DutyCycle;
  readonly #marking: GuestMarking;
  readonly #ahead: CaptureAhead;
  /** For how long the guest has stood still. */
  readonly #standing: Standing;
  /** How long it did for everything but the pause itself, since the capture began. */
  #changeMs = 0;
  /** Tells the owner that the state is that of this place, with what it has cost; due when the guest runs on. */
  #announce: (() => void) | undefined;
  #phase: Phase = { name: 'idle' };
  /** The last capture that the owner asked for and this one has heard of; 0: none. */
  #number = 0;
  /** Bytes of the stream that were given. */
  #sent = 0;
  /** The copy is done, but for what another thread makes. */
  #isAwaiting = false;
  /** In the pause everything waits, this too. */
  #paused = false;
  /** The guest waits for its capture, which it may not live to see otherwise: it may end soon. */
  #isHurried = false;
  /** The capture has been put off until this counter. */
  #putOffUntil: number | undefined;

  constructor(parts: CaptureParts) {
    this.#parts = parts;
    this.#putOffUntil = parts.captureAt;
    this.#cycle = new DutyCycle(parts.clock);
    this.#standing = new Standing(parts.clock);
    this.#marking = new GuestMarking(parts.instance, parts.markingSource, parts.clock);
    this.#ahead = new CaptureAhead(parts.instance, parts.captureSource, parts.clock);
  }

  tick(): void {
    if (this.#paused) return;
    this.#listen();
    this.#lookAhead();
    if (this.#phase.name === 'copying' || this.#phase.name === 'sending') this.#cycle.run((until) => this.#work(until));
  }

  idle(mayStop: boolean): number {
    this.#listen();
    if (this.#wantsStop && mayStop && this.#canStopNow) throw new GuestStop({ kind: 'captured' });
    if (!this.#hasWork) return Number.POSITIVE_INFINITY;
    this.#lookAhead();
    this.#cycle.spend((until) => this.#work(until));
    return this.#isAwaiting ? AWAITING_REST_MS : 0;
  }

  beforeEntry(counter: number, mayStop: boolean): void {
    if (this.#putOffUntil === undefined || counter < this.#putOffUntil || !mayStop || !this.#canStopNow) return;
    this.#copyAtOnce();
    if (this.#phase.name === 'asking') throw new GuestStop({ kind: 'captured' });
  }

  /** The engine was asked for the outcome 'captured'. */
  get #wantsStop(): boolean {
    const { name } = this.#phase;
    return name === 'changing' || name === 'asking' || (name === 'idle' && this.#marking.written !== undefined);
  }

  /** Not while a frame holds an exception, for example; it is asked again at the next call. */
  get #canStopNow(): boolean {
    return this.#parts.instance.canCaptureNow?.() !== false;
  }

  /** A pre-emption point. */
  slice(counter: number): void {
    if (this.#putOffUntil !== undefined && counter >= this.#putOffUntil) this.#copyAtOnce();
  }

  /** The guest has left its code for a capture, or is about to run on in it. */
  onStanding(stands: boolean): void {
    this.#standing.set(stands);
    if (stands) return;
    if (this.#announce === undefined) this.#changeMs += this.#standing.takeMs();
    else this.#announce();
    this.#announce = undefined;
  }

  /** The engine's outcome was 'captured': does what that was wanted for. The guest may go on when this returns. */
  take(): void {
    this.#paused = true;
    this.#parts.outbox.flush();
    this.#listen();
    const phase = this.#phase;
    if (phase.name === 'changing') this.#change(phase);
    else if (phase.name === 'asking') this.#freeze(phase);
    else if (phase.name !== 'copying') this.#marking.leave();
    this.#paused = false;
  }

  #change({ copy, ...copying }: Copying): void {
    const written = this.#marking.enter();
    if (written !== undefined) copy.note(written, this.#memory);
    this.#phase = { ...copying, name: 'copying', copy };
  }

  /** Keeps what was asked for. */
  #freeze({ copy, files, writer }: Copying): void {
    const { instance, outbox, position, sections } = this.#parts;
    this.#guarded(() => {
      const { memories, ...state } = instance.state!();
      const changedPages = copy.freeze(memories[0] ?? new Uint8Array(0));
      files.freeze();
      const pieces = restOf(writer, copy, { memories: kept(memories), files, state, sections: sections() });
      this.#phase = { name: 'sending', pieces, writer };
      this.#marking.leave();
      const [number, place, { pages }] = [this.#number, position(), copy];
      this.#announce = () => {
        const cost = { pauseMs: this.#standing.takeMs(), changeMs: this.#changeMs, changedPages, pages };
        outbox.captured(number, place, cost);
      };
    });
    if (this.#isHurried && this.#phase.name === 'sending') {
      this.onStanding(false);
      this.#workToTheEnd();
    }
    this.#isHurried = false;
  }

  get #memory(): Uint8Array {
    return this.#parts.instance.memory?.bytes ?? new Uint8Array(0);
  }

  get #hasWork(): boolean {
    const { name } = this.#phase;
    return (name === 'copying' || name === 'sending') && this.#hasRoom;
  }

  /** Whether a piece may be given: the owner has passed on what it was given, and outputs will not wait behind it for long. */
  get #hasRoom(): boolean {
    const { control, outbox } = this.#parts;
    const underWay = (this.#sent - control.stateCredit) >>> 0;
    return underWay + PIECE_BYTES_MAX <= STATE_WINDOW_BYTES && outbox.hasRoomForState;
  }

  /** This is the place that was asked for: the guest waits until its memory is copied, for nobody is kept waiting by that. */
  #copyAtOnce(): void {
    this.#putOffUntil = undefined;
    this.#isHurried = true;
    this.#listen();
    this.#workToTheEnd();
  }

  /** Waits for room and works until the phase is over. */
  #workToTheEnd(): void {
    const { control, outbox } = this.#parts;
    const { name } = this.#phase;
    while (this.#phase.name === name && !control.stopped) {
      if (this.#hasRoom) this.#work(0);
      else {
        outbox.publish();
        control.sleep(ROOM_LOOK_MS);
      }
    }
  }

  /** Looks where the guest is, for what its capture there will need. */
  #lookAhead(): void {
    if (this.#phase.name === 'copying' && !this.#isHurried) this.#ahead.look(this.#marking.isWanted);
  }

  /** What the owner wants may have changed. */
  #listen(): void {
    if (this.#putOffUntil !== undefined) return;
    const wanted = this.#parts.control.capture;
    if (wanted === this.#number) return;
    this.#number = wanted;
    this.#sent = 0;
    if (wanted === 0) this.#rest();
    else this.#begin();
  }

  #begin(): void {
    const { header, instance, pageSeed } = this.#parts;
    if (instance.requestCapture === undefined || instance.state === undefined || instance.resume === undefined) {
      return this.#fail('the engine cannot capture this guest');
    }
    const hasher = new PageHasher(pageSeed());
    const writer = new SnapshotWriter(RUN_PAGES_MAX);
    const copy = new PreCopy(hasher, writer, (piece) => this.#give(piece, false));
    const files = new FileCopy(this.#parts.files, writer, (chunk) => this.#give(chunk, false));
    this.#phase = { name: 'copying', files, copy, writer };
    this.#changeMs = 0;
    const { written } = this.#marking;
    if (written !== undefined) copy.note(written, this.#memory);
    else if (!this.#isHurried) this.#marking.want();
    this.#isAwaiting = false;
    this.#ahead.begin();
    this.#lookAhead();
    this.#give(writer.start(header, hasher.seed), false);
  }

  #work(untilMs: number): void {
    this.#marking.poll();
    this.#guarded(() => {
      do {
        if (!this.#hasRoom) return;
        if (this.#phase.name === 'copying') this.#copy(this.#phase);
        else if (this.#phase.name === 'sending') this.#send(this.#phase);
        else return;
      } while (!this.#isAwaiting && this.#cycle.nowMs < untilMs);
    });
    this.#parts.outbox.publish();
  }

  #copy(copying: Copying): void {
    const { copy, files } = copying;
    if (!files.isDone) return files.step();
    const { isDue } = this.#marking;
    if (!isDue && !copy.isDone) return copy.step(this.#memory);
    const hadToWait = this.#isAwaiting;
    this.#isAwaiting = (!isDue && this.#marking.isWorthWaiting()) || (!this.#isHurried && this.#ahead.isWorthWaiting());
    if (this.#isAwaiting) return;
    // What has changed while nothing was copied is not left for the pause.
    if (hadToWait && !isDue) return copy.again();
    this.#phase = { ...copying, name: isDue ? 'changing' : 'asking' };
    this.#parts.instance.requestCapture!();
  }

  /** Nothing is copied any more. */
  #rest(): void {
    this.#phase = { name: 'idle' };
    this.#marking.drop();
    this.#ahead.end();
    if (this.#marking.written !== undefined) this.#parts.instance.requestCapture!();
  }

  #send({ pieces, writer }: Sending): void {
    const piece = pieces.next();
    if (piece.done !== true) return this.#give(piece.value, false);
    this.#phase = { name: 'idle' };
    this.#ahead.end();
    this.#give(writer.end(), true);
  }

  #give(piece: Uint8Array, last: boolean): void {
    this.#sent += piece.length;
    this.#parts.outbox.state(this.#number, piece, last);
  }

  /** A guest that cannot be captured runs on as if nobody had asked. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof FtWasmError)) throw error;
      this.#fail(error.message);
    }
  }

  #fail(reason: string): void {
    this.#rest();
    this.#parts.outbox.captureFailed(this.#number, reason);
  }
}

/** What was kept in the pause. */
interface Kept {
  readonly memories: readonly KeptMemory[];
  readonly files: FileCopy;
  readonly state: StateWithoutMemories;
  readonly sections: Sections;
}

interface KeptMemory {
  readonly pages: number;
  /** Undefined for memory 0, whose pages are copied apart. */
  readonly copy: Uint8Array | undefined;
}

function kept(memories: readonly Uint8Array[]): KeptMemory[] {
  return memories.map((bytes, at) => ({
    pages: bytes.length / PAGE_BYTES,
    copy: at === 0 ? undefined : bytes.slice(),
  }));
}

/** The stream behind the pre-copy, but for its end. */
function* restOf(
  writer: SnapshotWriter,
  copy: PreCopy,
  { files, memories, state, sections }: Kept,
): Generator<Uint8Array, void> {
  yield writer.memories(memories.map(({ pages }) => pages));
  yield* copy.rest();
  yield* files.rest();
  for (const [memory, { copy: bytes }] of memories.entries()) {
    if (bytes !== undefined) yield* encodeMemory(writer, copy.hasher, memory, bytes);
  }
  yield* writer.state(state);
  for (const [name, value] of Object.entries(sections)) yield* writer.section(name, value);
}
