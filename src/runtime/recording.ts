/**
 * What a recording says besides its log: how to start the guest, and how its run ended. The header holds plain facts; the
 * bytes of the module (unless it is large: then its path and hash) and of every mounted file follow it as attachments,
 * in the order in which the header lists them.
 */
import { Packr } from 'msgpackr/pack';
import type { EngineLimits } from '../engine/engine.js';
import { LogFormatError } from '../errors.js';
import {
  encodeFrame,
  encodeRecordingHeader,
  FrameKind,
  RECORDING_VERSION,
  RECORDING_VERSION_SNAPSHOTS,
  type RecordingHeader,
} from '../log/file.js';
import type { WasiConfig } from '../wasi/config.js';
import type { Preopen, TreeEntry } from '../wasi/fs/description.js';
import type { Manifest } from './manifest.js';

/** A larger module is not copied into each of its recordings; a replay finds it by path, or is told where it is. */
export const EMBEDDED_MODULE_BYTES_MAX = 16 * 1024 * 1024;
const ATTACHMENT_BYTES = 1024 * 1024;

const packr = new Packr({ useRecords: false });

/** A mounted file, directory or link; a file's bytes are attached. */
type RecordedEntry =
  | { readonly path: string; readonly kind: 'file'; readonly size: number }
  | Exclude<TreeEntry, { readonly kind: 'file' }>;

interface RecordedPreopen extends Omit<Preopen, 'entries'> {
  readonly entries: readonly RecordedEntry[];
}

/** How to start the guest again. */
export interface RecordedGuest {
  readonly engine: 'compiled' | 'interpreter';
  readonly module: { readonly path: string | null; readonly size: number; readonly embedded: boolean };
  readonly limits: EngineLimits;
  /** Instructions after which the guest was to stop; null for no limit. */
  readonly fuel: number | null;
  readonly wasi: Omit<WasiConfig, 'preopens'> & { readonly preopens: readonly RecordedPreopen[] };
}

/** How the run ended, as plain facts. */
export interface RecordedEnd {
  /** Kind of the outcome; 'waiting' if the guest was told to stop. */
  readonly outcome: string;
  readonly exitCode: number;
  /** Trap code, or null. */
  readonly trap: string | null;
  readonly counter: number;
  readonly event: number;
  readonly digest: string;
  readonly hostCalls: number;
  readonly outputBytes: number;
}

/** Everything of a run that is known before it starts. */
export interface RecordingStart {
  readonly engine: RecordedGuest['engine'];
  readonly module: Uint8Array;
  /** Where the module is, for people and for a replay of a large one. */
  readonly modulePath: string | undefined;
  readonly limits: EngineLimits;
  readonly fuel: number | undefined;
  readonly wasi: WasiConfig;
  readonly manifest: Manifest;
  /** Whether it will hold snapshots. */
  readonly snapshots?: boolean;
}

/** The file's first bytes: header frame and attachments, in pieces. */
export function* encodeRecordingStart(start: RecordingStart): Generator<Uint8Array> {
  const embedded = start.module.length <= EMBEDDED_MODULE_BYTES_MAX || start.modulePath === undefined;
  const preopens = start.wasi.preopens ?? [];
  const guest: RecordedGuest = {
    engine: start.engine,
    module: { path: start.modulePath ?? null, size: start.module.length, embedded },
    limits: start.limits,
    fuel: start.fuel ?? null,
    wasi: { ...start.wasi, preopens: preopens.map(describePreopen) },
  };
  const { module: moduleHash = '', rewriter: rewriterVersion = '' } = start.manifest;
  const header = { moduleHash, rewriterVersion, manifest: start.manifest, guest };
  yield encodeRecordingHeader(header, start.snapshots ? RECORDING_VERSION_SNAPSHOTS : RECORDING_VERSION);
  if (embedded) yield* attachments(start.module);
  for (const { entries } of preopens) {
    for (const entry of entries) if (entry.kind === 'file') yield* attachments(entry.bytes);
  }
}

function* attachments(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += ATTACHMENT_BYTES) {
    yield encodeFrame(FrameKind.Attachment, bytes.subarray(at, at + ATTACHMENT_BYTES));
  }
}

function describePreopen(preopen: Preopen): RecordedPreopen {
  const entries = preopen.entries.map((entry): RecordedEntry => {
    return entry.kind === 'file' ? { path: entry.path, kind: 'file', size: entry.bytes.length } : entry;
  });
  return { ...preopen, entries };
}

export function encodeRecordedEnd(end: RecordedEnd): Uint8Array {
  return encodeFrame(FrameKind.End, packr.pack(end));
}

/** @throws LogFormatError if the frame holds anything else */
export function decodeRecordedEnd(payload: Uint8Array): RecordedEnd {
  const end = unpack(payload, 'the end of the recording');
  const numbers = ['exitCode', 'counter', 'event', 'hostCalls', 'outputBytes'];
  const valid =
    isRecord(end) &&
    numbers.every((name) => isCount(end[name])) &&
    typeof end['outcome'] === 'string' &&
    typeof end['digest'] === 'string' &&
    (end['trap'] === null || typeof end['trap'] === 'string');
  if (!valid) throw new LogFormatError('the end of the recording lacks a field', { end });
  return end as unknown as RecordedEnd;
}

/** The part of a header that says how to start the guest. @throws LogFormatError naming what is missing or wrong */
export function recordedGuest({ guest }: RecordingHeader): RecordedGuest {
  const wrong = wrongField(guest);
  if (wrong !== undefined)
    throw new LogFormatError(`the header of the recording has no valid ${wrong}`, { field: wrong });
  return guest as RecordedGuest;
}

function wrongField(guest: unknown): string | undefined {
  if (!isRecord(guest)) return 'guest';
  const { engine, module, limits, fuel, wasi } = guest;
  if (engine !== 'compiled' && engine !== 'interpreter') return 'engine';
  if (!isRecord(module) || !isCount(module['size']) || typeof module['embedded'] !== 'boolean') return 'module';
  if (module['path'] !== null && typeof module['path'] !== 'string') return 'module path';
  if (!isRecord(limits) || !LIMIT_NAMES.every((name) => isCount(limits[name]))) return 'limits';
  if (fuel !== null && !isCount(fuel)) return 'fuel';
  if (!isRecord(wasi)) return 'configuration';
  if (!isListOf(wasi['args'], isText)) return 'arguments';
  if (!isListOf(wasi['env'], (pair) => isListOf(pair, isText) && pair.length === 2)) return 'environment';
  if (!isCount(wasi['listeners'])) return 'listeners';
  if (wasi['random'] !== 'seeded' && wasi['random'] !== 'os') return 'random source';
  if (!isListOf(wasi['preopens'], isPreopen)) return 'directories';
  return undefined;
}

const LIMIT_NAMES: readonly (keyof EngineLimits)[] = ['memoryPagesMax', 'tableElementsMax', 'stackUnitsMax'];

function isPreopen(value: unknown): boolean {
  if (!isRecord(value) || !isText(value['guest']) || !isText(value['mode'])) return false;
  return isListOf(value['entries'], (entry) => {
    if (!isRecord(entry) || !isText(entry['path'])) return false;
    if (entry['kind'] === 'file') return isCount(entry['size']);
    return entry['kind'] === 'dir' || (entry['kind'] === 'symlink' && isText(entry['target']));
  });
}

function unpack(payload: Uint8Array, what: string): unknown {
  try {
    return packr.unpack(payload);
  } catch (cause) {
    throw new LogFormatError(`${what} cannot be read: ${(cause as Error).message}`, {}, { cause });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf(value: unknown, accepts: (item: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && value.every(accepts);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
