/** What a live run needs that goes on from a snapshot. */
import { resolve as absolutePath } from 'node:path';
import type { EngineLimits } from '../../engine/engine.js';
import { FtWasmError } from '../../errors.js';
import { directStreams } from '../../gateway/stream-id.js';
import { checkDirectory } from '../../host/node/load-tree.js';
import type { WasiSnapshot } from '../../wasi/snapshot.js';
import type { Manifest } from '../manifest.js';
import { type DirectoryMount, type GuestOptions, usage } from '../options.js';
import { recordedGuest } from '../recording.js';
import type { GuestConfig } from './guest-config.js';
import { piecesOf, surveySnapshot } from './snapshot-file.js';

export interface ResumePlan {
  readonly guest: GuestConfig;
  readonly manifest: Manifest;
  readonly limits: EngineLimits;
  /** Unless another limit was asked for; undefined for none. */
  readonly fuel: number | undefined;
  /** Of the new clients' streams: none of the old life has it. */
  readonly epoch: number;
  pieces(): AsyncIterable<Uint8Array>;
}

/**
 * The guest of a snapshot, with the arguments, environment and files that it had. Of `options`, listeners and shared
 * directories count: they are this host's. Rejects with FTW_SNAPSHOT for a snapshot that is damaged, FTW_USAGE for options
 * that do not fit it.
 */
export async function planResume(path: string, options: GuestOptions): Promise<ResumePlan> {
  const { snapshot } = await surveySnapshot(path);
  const { manifest, moduleHash, rewriterVersion, sections } = snapshot;
  const { fuel, limits, wasi } = readGuest(path, { manifest, moduleHash, rewriterVersion, guest: sections['guest'] });
  const given = options.tcplisten?.length ?? 0;
  if (given !== wasi.listeners) {
    throw usage(`the guest of ${path} has ${wasi.listeners} listening sockets, --tcplisten was given ${given} times`);
  }
  const preopens = wasi.preopens.map(({ guest, mode }) => ({ guest, mode, entries: [] }));
  const sharedRoots = await Promise.all(preopens.map((mount) => sharedRoot(mount, options.dirs ?? [])));
  return {
    guest: { config: { ...wasi, preopens }, dirHashes: [], sharedRoots },
    ...{ manifest, limits },
    fuel: fuel ?? undefined,
    epoch: nextEpoch(sections['wasi'] as WasiSnapshot),
    pieces: () => piecesOf(path),
  };
}

function readGuest(path: string, header: Parameters<typeof recordedGuest>[0]) {
  try {
    return recordedGuest(header);
  } catch (cause) {
    throw new FtWasmError('FTW_SNAPSHOT', `${path} does not say how its guest was started`, { path }, { cause });
  }
}

async function sharedRoot(
  { guest, mode }: { readonly guest: string; readonly mode: string },
  dirs: readonly DirectoryMount[],
): Promise<string | undefined> {
  if (mode !== 'shared') return undefined;
  const here = dirs.find((dir) => dir.guest === guest && dir.mode === 'shared');
  if (here === undefined)
    throw usage(`the guest shares ${guest} with its host: say where it is, --dir HOST::${guest}::shared`);
  await checkDirectory(here.host);
  return absolutePath(here.host);
}

function nextEpoch({ descriptors }: WasiSnapshot): number {
  const streams = descriptors.map((descriptor) => (descriptor?.kind === 'stream' ? descriptor.stream : 0));
  return Math.floor(Math.max(0, ...streams) / directStreams(1)) + 1;
}
