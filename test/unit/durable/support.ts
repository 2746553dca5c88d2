/** A store with a toy history: event N is a batch that says N, a state is the sum of what it has seen. */
import { crc32 as portableCrc32 } from '../../../src/bytes/crc32.js';
import {
  type Crc32,
  DurableStore,
  type OutputAfter,
  type Recovered,
  recoveredItems,
  type Storage,
  survey,
  type Writer,
} from '../../../src/durable/index.js';
import { Random } from '../../sim/random.js';

export const crc32: Crc32 = (bytes, seed) => portableCrc32(bytes, 0, bytes.length, seed);

export const ALPHA: Writer = { id: 'alpha', incarnation: '1' };

export interface TestStore {
  readonly store: DurableStore;
  /** Everything the store has reported. */
  readonly heard: { synced: number; snapshots: number[]; failures: string[]; snapshotFailures: string[] };
}

export async function openStore(
  storage: Storage,
  { writer = ALPHA, outputAfter = 'fsync' as OutputAfter, seed = 1 } = {},
): Promise<TestStore> {
  const random = new Random(seed);
  const heard: TestStore['heard'] = { synced: 0, snapshots: [], failures: [], snapshotFailures: [] };
  const store = new DurableStore(
    {
      ...{ storage, crc32, writer, outputAfter },
      random: (bytes) => Uint8Array.from({ length: bytes }, () => random.whole(0, 255)),
      service: 'toy',
      manifest: { module: 'abc' },
    },
    await storage.list(),
    {
      onSynced: (event) => {
        heard.synced = event;
      },
      onWritten: () => {},
      onStateWritten: () => {},
      onSnapshot: ({ event }) => heard.snapshots.push(event),
      onSnapshotFailed: (error) => heard.snapshotFailures.push(error.message),
      onFailure: (error) => heard.failures.push(error.message),
    },
  );
  return { store, heard };
}

/** A batch of events `first` to `last`. */
export function append(store: DurableStore, first: number, last: number): void {
  store.append(first, last, last * 10, new TextEncoder().encode(`${first}-${last};`.repeat(first % 4 === 0 ? 40 : 1)));
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The state of `event` in three pieces, with what comes between them. */
export function* snapshotOf(store: DurableStore, event: number, anew = false): Generator<boolean, void> {
  store.beginSnapshot(anew);
  yield true;
  store.piece(encode(`state of ${event}, begun;`));
  yield true;
  yield store.captured(event, event * 10, encode(`outputs of ${event}`));
  store.piece(encode(`state of ${event}, middle;`));
  yield true;
  store.piece(encode(`state of ${event}, end;`));
  store.endSnapshot();
}

/** What a new guest would be given: the state's event and every event behind it, checked for order and completeness. */
export async function restored(storage: Storage, recovered: Recovered) {
  let state = 0;
  let pieces = '';
  let event = 0;
  const progress: string[] = [];
  for await (const item of recoveredItems(storage, crc32, recovered)) {
    if (item.kind === 'piece') pieces += decode(item.bytes);
    else if (item.kind === 'progress') progress.push(decode(item.bytes));
    else if (item.kind === 'outputs') {
      state = Number(decode(item.bytes).replace('outputs of ', ''));
      if (pieces !== `state of ${state}, begun;state of ${state}, middle;state of ${state}, end;`) {
        throw new Error(`the state is '${pieces}', the outputs are of ${state}`);
      }
      event = state;
    } else event = follow(event, decode(item.bytes), item.lastEvent);
  }
  return { state, event, progress };
}

/** The first batch behind a state may begin with events that it has already. */
function follow(event: number, text: string, lastEvent: number): number {
  const [first, last] = text.slice(0, text.indexOf(';')).split('-').map(Number) as [number, number];
  if (first > event + 1 || last <= event || last !== lastEvent) throw new Error(`'${text}' follows event ${event}`);
  return last;
}

export { survey };
