/**
 * One replica's durable directory while the replica runs: a snapshot now and then, and the log behind it. Decides what may
 * be removed and when; knows no clock and asks for nothing by itself.
 *
 * A lineage is a history without a gap. It can be recovered from once it has a base: the first event of all, or a snapshot
 * that is complete. Until then an older lineage stays, and nothing counts as synced.
 */
import { durableFiles, isPartial, logName, snapshotName } from './directory.js';
import { durableError, encodeFrame, type FileHeader, FrameKind, type OutputAfter, type Writer } from './format.js';
import { LogWriter } from './log-writer.js';
import { SnapshotFile } from './snapshot-file.js';
import type { Crc32, Storage } from './storage.js';
import type { Recovered } from './survey.js';

export interface StoreOptions {
  readonly storage: Storage;
  readonly crc32: Crc32;
  /** Fresh random bytes. */
  readonly random: (bytes: number) => Uint8Array;
  readonly service: string;
  readonly manifest: Readonly<Record<string, string>>;
  readonly writer: Writer;
  readonly outputAfter: OutputAfter;
}

export interface StoreEvents {
  /** A service can be recovered that knows everything up to `event`. */
  onSynced(event: number): void;
  /** Something was written: `queuedBytes` has become smaller. */
  onWritten(): void;
  /** So many bytes of state were written. */
  onStateWritten(bytes: number): void;
  /** A snapshot is complete; what it replaces is being removed. */
  onSnapshot(snapshot: { readonly event: number; readonly bytes: number }): void;
  /** A snapshot could not be written; the log goes on, and what was there before it stays. */
  onSnapshotFailed(error: Error): void;
  /** The disk has failed. The log has a gap from here on: only {@link DurableStore.beginAnew} goes on. */
  onFailure(error: Error): void;
}

/** A snapshot under way. */
interface Snapshot {
  readonly file: SnapshotFile;
  readonly lineage: string;
  event: number | undefined;
}

/** Older versions of writers are of no interest to anybody. */
const WRITERS_MAX = 64;

export class DurableStore {
  readonly #options: StoreOptions;
  readonly #events: StoreEvents;
  #log: LogWriter;
  #nextNumber: number;
  #lineage = '';
  #writers: readonly Writer[];
  #snapshot: Snapshot | undefined;
  /** The first event that logs of this store and lineage hold. */
  #lineageFirst = 1;
  /** Logs of this lineage that this store has begun and that are still needed, oldest first. */
  #logs: { readonly name: string; readonly firstEvent: number }[] = [];
  #hasBase = false;
  /** This store has begun the service: the first log of all makes whatever was here before history. */
  #isFirst = false;
  /** idle: nothing was begun yet. failed: nothing that is handed over is kept. */
  #state: 'idle' | 'writing' | 'failed' = 'idle';
  /** Last event that was handed over, and what of the log is on the disk. */
  #appendedEvent = 0;
  #logSyncedEvent = 0;
  #syncedEvent = 0;
  #snapshotEvent = 0;
  #leftEvent = 0;
  #epoch = 0;
  #doubt = false;
  #cleaning: Promise<void> = Promise.resolve();

  /** `names`: what is in the directory. */
  constructor(options: StoreOptions, names: readonly string[], events: StoreEvents) {
    this.#options = options;
    this.#events = events;
    this.#nextNumber = (durableFiles(names).at(-1)?.number ?? 0) + 1;
    this.#writers = [options.writer];
    this.#log = this.#newLog();
  }

  /** Bytes that wait for the disk, state not included. */
  get queuedBytes(): number {
    return this.#log.queuedBytes;
  }

  get syncedEvent(): number {
    return this.#syncedEvent;
  }

  /** Of the newest snapshot that is complete; 0 if the log goes back to the beginning. */
  get snapshotEvent(): number {
    return this.#snapshotEvent;
  }

  get appendedEvent(): number {
    return this.#appendedEvent;
  }

  /** True while nothing that is appended is kept. */
  get isBroken(): boolean {
    return this.#state === 'failed';
  }

  /** A snapshot is on its way to the disk. */
  get isTakingState(): boolean {
    return this.#snapshot !== undefined;
  }

  /** A history that begins behind `event`. It is complete at once if that is 0, else with the snapshot that comes. */
  beginAnew(event: number): void {
    this.#beginLineage(hex(this.#options.random(8)), event);
    this.#hasBase = event === 0;
    this.#isFirst = event === 0;
  }

  /**
   * Goes on where `recovered` ends, as one more writer of it; resolves when that is on the disk. Rejects with what the
   * disk says.
   */
  async goOn(recovered: Recovered): Promise<void> {
    const { header, tail, event, epoch, leftEvent, doubt } = recovered;
    if (tail !== undefined) await this.#options.storage.cut(tail.name, tail.offset);
    // What a process that was killed had written, and never synced, was read all the same; now it must stay.
    else if (recovered.logs.length > 0) await this.#options.storage.cut(recovered.logs.at(-1)!);
    this.#state = 'writing';
    this.#lineage = header.lineage;
    // The logs of before go with the next snapshot, so that must not be of a guest that still replays them.
    this.#lineageFirst = event + 1;
    this.#writers = [...header.writers, this.#options.writer].slice(-WRITERS_MAX);
    this.#hasBase = true;
    this.#appendedEvent = event;
    this.#logSyncedEvent = event;
    this.#syncedEvent = event;
    this.#snapshotEvent = recovered.snapshot?.event ?? 0;
    this.#epoch = epoch;
    this.#leftEvent = leftEvent;
    this.#doubt = doubt;
    this.#beginLog();
    await this.#log.flushed();
    if (this.isBroken) throw durableError('the directory cannot be written');
  }

  append(firstEvent: number, lastEvent: number, counter: number, batch: Uint8Array): void {
    this.#appendedEvent = lastEvent;
    if (this.#state !== 'writing') return;
    this.#log.append(this.#frame(FrameKind.Batch, [firstEvent, lastEvent, counter], batch), lastEvent);
  }

  /** Outputs up to `event` have left. */
  left(event: number): void {
    if (event <= this.#leftEvent) return;
    this.#leftEvent = event;
    if (this.#state === 'writing') this.#log.append(this.#frame(FrameKind.Left, [event]), undefined);
  }

  /** What gateways' clients have taken. */
  progress(payload: Uint8Array): void {
    if (this.#state === 'writing') this.#log.append(this.#frame(FrameKind.Progress, [], payload), undefined);
  }

  epoch(epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch);
    if (this.#state === 'writing') this.#log.append(this.#frame(FrameKind.Epoch, [epoch]), undefined);
  }

  /** Whether clients may have seen more than the log knows; over once their connections were given up. */
  doubt(doubt: boolean): void {
    if (doubt === this.#doubt) return;
    this.#doubt = doubt;
    if (this.#state === 'writing') this.#log.append(this.#frame(FrameKind.Doubt, [doubt ? 1 : 0]), undefined);
  }

  /** A state follows, of the history that is being written, or (`anew`) of another one. */
  beginSnapshot(anew: boolean): void {
    const lineage = anew ? hex(this.#options.random(8)) : this.#lineage;
    const { storage, crc32, random } = this.#options;
    const name = snapshotName(this.#nextNumber++);
    const header = this.#header(lineage, anew ? [this.#options.writer] : this.#writers, 0);
    const file: SnapshotFile = new SnapshotFile(storage, crc32, name, header, random(8), {
      onWritten: (bytes) => this.#events.onStateWritten(bytes),
      onComplete: () => this.#complete(file),
      onFailure: (error) => this.#snapshotFails(error, file),
    });
    this.#snapshot = { file, lineage, event: undefined };
  }

  piece(bytes: Uint8Array): void {
    this.#snapshot?.file.piece(bytes);
  }

  /** All pieces have come, and {@link captured} has. */
  endSnapshot(): void {
    this.#snapshot?.file.end();
  }

  /**
   * The state is that of `event`: what is appended from now on lies behind what was appended before, and what of it the
   * state has already is skipped by whoever recovers. Returns false if the log has a gap there; the snapshot is of no use.
   */
  captured(event: number, counter: number, outputs: Uint8Array): boolean {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return false;
    if (snapshot.lineage !== this.#lineage) this.#beginLineage(snapshot.lineage, event);
    else if (event + 1 < this.#lineageFirst) return false;
    else this.#beginLog();
    snapshot.event = event;
    snapshot.file.outputs(event, counter, outputs);
    return true;
  }

  /** Nothing more comes of the snapshot under way. */
  cancelSnapshot(): void {
    const snapshot = this.#snapshot;
    this.#snapshot = undefined;
    if (snapshot === undefined) return;
    // At once: what it still reports would be taken for the next one's.
    const gone = snapshot.file.cancel();
    this.#cleaning = this.#cleaning.then(() => gone);
  }

  /** Writes what was handed over and gives the directory back. Never rejects. */
  async close(): Promise<void> {
    this.cancelSnapshot();
    await this.#log.close();
    await this.#cleaning;
  }

  #beginLineage(lineage: string, event: number): void {
    if (this.#state === 'failed') this.#log = this.#newLog();
    this.#state = 'writing';
    this.#lineage = lineage;
    this.#lineageFirst = event + 1;
    this.#writers = [this.#options.writer];
    this.#logs = [];
    this.#hasBase = false;
    this.#appendedEvent = event;
    this.#logSyncedEvent = event;
    this.#beginLog();
  }

  #newLog(): LogWriter {
    const { storage, crc32, random } = this.#options;
    const log: LogWriter = new LogWriter(storage, crc32, () => random(8), {
      onSynced: (event) => {
        this.#logSyncedEvent = event;
        this.#report();
      },
      onWritten: () => this.#events.onWritten(),
      onFile: ({ firstEvent, lineage }) => {
        if (this.#isFirst && firstEvent === 1 && lineage === this.#lineage) this.#clean(0);
      },
      onFailure: (error) => {
        if (log === this.#log) this.#fail(error, 'the log');
      },
    });
    return log;
  }

  #beginLog(): void {
    const firstEvent = this.#appendedEvent + 1;
    const name = logName(this.#nextNumber++);
    this.#logs.push({ name, firstEvent });
    this.#log.begin(name, this.#header(this.#lineage, this.#writers, firstEvent));
  }

  #header(lineage: string, writers: readonly Writer[], firstEvent: number): FileHeader {
    const { service, manifest, outputAfter } = this.#options;
    const [epoch, leftEvent, doubt] = [this.#epoch, this.#leftEvent, this.#doubt];
    return { service, manifest, lineage, writers, outputAfter, doubt, firstEvent, epoch, leftEvent };
  }

  #complete(file: SnapshotFile): void {
    const snapshot = this.#snapshot;
    if (snapshot?.file !== file || snapshot.event === undefined) return;
    this.#snapshot = undefined;
    this.#hasBase = true;
    this.#logSyncedEvent = Math.max(this.#logSyncedEvent, snapshot.event);
    this.#snapshotEvent = snapshot.event;
    this.#report();
    this.#events.onSnapshot({ event: snapshot.event, bytes: file.bytes });
    this.#clean(snapshot.event, file.name);
  }

  #snapshotFails(cause: unknown, file: SnapshotFile): void {
    if (this.#snapshot?.file !== file) return;
    this.#snapshot = undefined;
    // Without it there is nothing that could be recovered.
    if (!this.#hasBase) return this.#fail(cause, file.name);
    // The open log may still be written where the directory is away; but nobody who recovers would find it.
    this.#options.storage.list().then(
      () => this.#events.onSnapshotFailed(unwritable(cause, file.name)),
      () => this.#fail(cause, file.name),
    );
  }

  #report(): void {
    if (!this.#hasBase || this.#logSyncedEvent <= this.#syncedEvent) return;
    this.#syncedEvent = this.#logSyncedEvent;
    this.#events.onSynced(this.#syncedEvent);
  }

  /** Removes what is not needed once the state of `event` can be recovered, from `snapshot` if that is given. */
  #clean(event: number, snapshot?: string): void {
    const logs = this.#logs;
    this.#logs = logs.filter((_, index) => (logs[index + 1]?.firstEvent ?? Number.POSITIVE_INFINITY) > event + 1);
    const newest = this.#nextNumber;
    this.#cleaning = this.#cleaning.then(() => this.#remove(newest, snapshot)).catch(() => {});
  }

  /** What cannot be removed now is removed with the next snapshot; it harms nobody. */
  async #remove(newest: number, snapshot: string | undefined): Promise<void> {
    const { storage } = this.#options;
    const kept = new Set([snapshot, ...this.#logs.map(({ name }) => name)]);
    for (const { name, number } of durableFiles(await storage.list())) {
      if (number < newest && !kept.has(name)) await storage.remove(name);
    }
    await storage.syncDirectory();
  }

  #fail(cause: unknown, what: string): void {
    if (this.isBroken) return;
    this.#state = 'failed';
    this.cancelSnapshot();
    const log = this.#log;
    this.#cleaning = this.#cleaning.then(() => log.close());
    this.#events.onFailure(unwritable(cause, what));
  }

  #frame(kind: FrameKind, numbers: readonly number[], bytes?: Uint8Array): Uint8Array {
    return encodeFrame(this.#options.crc32, kind, numbers, bytes);
  }
}

function unwritable(cause: unknown, what: string): Error {
  const { code, message } = cause as { code?: string; message: string };
  return durableError(`${what} cannot be written: ${message}`, { errno: code }, cause);
}

/** Removes what was never finished. */
export async function removePartials(storage: Storage): Promise<void> {
  for (const name of await storage.list()) if (isPartial(name)) await storage.remove(name);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
