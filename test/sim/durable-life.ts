/** What a process makes of its disk when it starts: as `DurableHome` does with a directory. */

import { crc32 as portableCrc32 } from '../../src/bytes/crc32.js';
import {
  type Crc32,
  DurableStore,
  type OutputAfter,
  type Recovered,
  type RecoveredItem,
  recoveredItems,
  removePartials,
  survey,
} from '../../src/durable/index.js';
import { decideStart } from '../../src/replica/failover.js';
import type { ReplicaConfig } from '../../src/replica/types.js';
import { DurableLink } from '../../src/runtime/durable-link.js';
import type { EventListener, GuestControl } from '../../src/runtime/ports.js';
import type { Host } from './host.js';
import type { World } from './world.js';

const crc32: Crc32 = (bytes, seed) => portableCrc32(bytes, 0, bytes.length, seed);

/** Small, so that there are many snapshots. */
const SNAPSHOT_LOG_BYTES = 1_500;
const SNAPSHOT_EVERY_MS = 150;

export interface DurableLifeParts {
  readonly world: World;
  readonly host: Host;
  readonly config: ReplicaConfig;
  readonly outputAfter: OutputAfter;
  /** Goes on with what is there. */
  readonly recover: boolean;
  readonly guest: GuestControl;
  readonly onEvent: EventListener;
}

export interface DurableLife {
  readonly link: DurableLink;
  readonly found: { readonly recovered: Recovered; readonly items: () => AsyncIterable<RecoveredItem> } | undefined;
}

/** Undefined if this process must not go on with what is there, or without it. Rejects for a disk that is damaged. */
export async function beginDurable(parts: DurableLifeParts): Promise<DurableLife | undefined> {
  const { config, guest, host, onEvent, outputAfter, recover, world } = parts;
  const storage = world.disk(config.id).open(host);
  await removePartials(storage);
  const recovered = await survey(storage, crc32);
  if (recover ? recovered === undefined : recovered !== undefined && startsAfresh(world, config)) return undefined;
  const { service, manifest, id, incarnation } = config;
  const writer = { id, incarnation };
  const random = (bytes: number) => Uint8Array.from({ length: bytes }, () => world.random.whole(0, 255));
  const names = await storage.list();
  const policy = { outputAfter, snapshotLogBytes: SNAPSHOT_LOG_BYTES, snapshotEveryMs: SNAPSHOT_EVERY_MS };
  const size = () => ({ path: id, bytes: 0, segments: 0 });
  const link = await DurableLink.open({ policy, guest, timers: host.timers, onEvent, size }, async (events) => {
    return new DurableStore({ storage, crc32, random, service, manifest, writer, outputAfter }, names, events);
  });
  if (!recover || recovered === undefined) return { link, found: undefined };
  await link.store.goOn(recovered);
  link.recovered(recovered);
  return { link, found: { recovered, items: () => recoveredItems(storage, crc32, recovered) } };
}

/** A primary that would begin a service although its directory has one. */
function startsAfresh({ arbiter }: World, { id, role, service }: ReplicaConfig): boolean {
  if (role !== 'primary') return false;
  return decideStart({ id, incarnation: '' }, service, arbiter.state).kind !== 'running';
}
