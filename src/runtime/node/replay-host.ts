/** What every replay of a recording does, whatever it is for: open the guest, restore it, feed it the log. */
import { setTimeout as delay } from 'node:timers/promises';
import { DivergenceError } from '../../errors.js';
import { batchRange } from '../../log/codec.js';
import { POSITION_ZERO } from '../../log/entry.js';
import { type GuestOptions, usage } from '../options.js';
import { guestConfig } from './guest-config.js';
import { type GuestHooks, GuestHost, type GuestMode } from './guest-host.js';
import { batchesOf, type RecordingSurvey, recordedPieces } from './recording-file.js';
import { piecesOf, surveySnapshot } from './snapshot-file.js';

/** So much of the log may wait for the guest. */
const QUEUED_BYTES_MAX = 8 * 1024 * 1024;
const QUEUE_LOOK_MS = 2;

/** Where a replay begins, if not at the beginning of the run. */
export interface ReplayStart {
  readonly event: number;
  readonly counter: number;
  pieces(): AsyncIterable<Uint8Array>;
}

/**
 * The state to begin with: the snapshot in file `from`, none for 'start', without it the last that the recording itself holds before
 * `until`. Rejects with FTW_SNAPSHOT for one that lies behind `until`, or is damaged.
 */
export async function replayStart(
  survey: RecordingSurvey,
  from: string | undefined,
  until = Number.POSITIVE_INFINITY,
): Promise<ReplayStart | undefined> {
  if (from === 'start') return undefined;
  if (from === undefined) {
    const { path, snapshots } = survey;
    const nearest = snapshots.filter(({ counter }) => counter < until).at(-1);
    return nearest && { ...nearest, pieces: () => recordedPieces(path, nearest.number) };
  }
  const { event, counter } = await surveySnapshot(from);
  if (counter >= until) {
    throw usage(`the snapshot ${from} is of counter ${counter}, which is not before ${until}, where to stop`);
  }
  return { event, counter, pieces: () => piecesOf(from) };
}

export interface ReplayHostOptions
  extends Pick<GuestOptions, 'engine' | 'stdio' | 'onProgress' | 'fuel' | 'cacheDirectory'> {
  readonly module: Uint8Array;
}

/** Opens the recorded guest. Rejects with FTW_DIVERGENCE if the recording's facts are not ours. */
export async function openReplay(
  survey: RecordingSurvey,
  options: ReplayHostOptions,
  how: Pick<GuestMode, 'digestEvery' | 'captureAt' | 'tellsArguments'>,
  hooks: Partial<GuestHooks> & Pick<GuestHooks, 'onReport'>,
): Promise<GuestHost> {
  const { guest, header, wasi } = survey;
  const host = await GuestHost.open(
    { ...options, engine: options.engine ?? guest.engine, limits: guest.limits },
    { ...how, logging: false, guest: guestConfig(wasi), manifest: header.manifest },
    { onBatch: () => {}, onLive: () => {}, ...hooks },
  );
  try {
    checkManifest(survey, host);
  } catch (error) {
    await host.close();
    throw error;
  }
  host.gate.release(Number.POSITIVE_INFINITY);
  return host;
}

/** Restores the guest, if it does not begin at the beginning, and lets it run. */
export async function beginReplay({ guest }: GuestHost, start: ReplayStart | undefined): Promise<void> {
  if (start !== undefined) for await (const piece of start.pieces()) guest.restore(piece);
  guest.start('replay');
}

export interface FeedOptions {
  readonly start: ReplayStart | undefined;
  readonly isOver: () => boolean;
  /** Whether the guest has enough for now. */
  readonly isHeld?: (() => boolean) | undefined;
  readonly onProgress?: ((counter: number, total: number) => void) | undefined;
}

/** Gives the guest the log, no faster than it takes it. Rejects if the recording cannot be read any more. */
export async function feedReplay(
  { guest }: GuestHost,
  { last, path }: RecordingSurvey,
  { start, isHeld, isOver, onProgress }: FeedOptions,
): Promise<void> {
  for await (const batch of batchesOf(path)) {
    if (isOver()) return;
    if (start !== undefined && batchRange(batch).lastEvent <= start.event) continue;
    guest.batch(batch);
    while ((guest.queuedBytes > QUEUED_BYTES_MAX || isHeld?.()) && !isOver()) await delay(QUEUE_LOOK_MS);
    onProgress?.(guest.executed.counter, last.counter);
  }
  guest.endLog();
}

/** The facts of the recording against ours. The configuration is the recording's own, so only a forged one can differ. */
function checkManifest({ header }: RecordingSurvey, { manifest }: GuestHost): void {
  const recorded = header.manifest;
  // Another version of this package is no obstacle as long as it rewrites and logs in the same way; fuel may be ours.
  const ours = { ...manifest, version: recorded['version'], fuel: recorded['fuel'] };
  for (const [fact, value] of Object.entries(ours)) {
    if (recorded[fact] === value) continue;
    const message = `replay diverged before it began: the recording has ${fact} ${recorded[fact] ?? 'not at all'}, this replay ${value}`;
    throw new DivergenceError(message, {
      difference: fact,
      position: POSITION_ZERO,
      expected: recorded[fact],
      seen: value,
    });
  }
}
