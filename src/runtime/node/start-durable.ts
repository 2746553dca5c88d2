/** A replica's durable directory on this machine: taken once for the process, used by one life after the other. */
import type { Arbiter, Member } from '../../arbiter/arbiter.js';
import { differencesOf, durableError, type Recovered, type Writer } from '../../durable/index.js';
import { DurableDirectory } from '../../durable/node/open.js';
import { FtWasmError } from '../../errors.js';
import type { RecoveredService } from '../../replica/types.js';
import { parseAddress } from '../../transport/address.js';
import { dialTcp } from '../../transport/node/tcp.js';
import { DurableLink, type DurablePolicy } from '../durable-link.js';
import type { Manifest } from '../manifest.js';
import type { ReplicaOptions } from '../options.js';
import type { EventListener } from '../ports.js';
import { Recovery } from '../recovery.js';
import { requestStatus } from './control.js';
import type { GuestHost } from './guest-host.js';
import { nodeTimers } from './timers.js';

const SNAPSHOT_LOG_BYTES = 64 << 20;
const SNAPSHOT_EVERY_MS = 60_000;

/** The directory, and what one life after the other makes of it. */
export class DurableHome {
  readonly #directory: DurableDirectory;
  readonly #policy: DurablePolicy;
  /** What is to be recovered, by the first life. */
  #recovered: Recovered | undefined;

  private constructor(directory: DurableDirectory, policy: DurablePolicy, recovered: Recovered | undefined) {
    this.#directory = directory;
    this.#policy = policy;
    this.#recovered = recovered;
  }

  /** Undefined if the options ask for none. Rejects with FTW_DURABLE when it cannot be used, or holds nothing to recover. */
  static async open(options: ReplicaOptions): Promise<DurableHome | undefined> {
    const path = options.recover ?? options.durable;
    if (path === undefined) return undefined;
    const policy: DurablePolicy = {
      outputAfter: options.outputAfter ?? 'ack',
      snapshotLogBytes: options.snapshotLogBytes ?? SNAPSHOT_LOG_BYTES,
      snapshotEveryMs: options.snapshotEveryMs ?? SNAPSHOT_EVERY_MS,
    };
    const directory = await DurableDirectory.open(path);
    const recovered = options.recover === undefined ? undefined : directory.recovered;
    if (options.recover !== undefined && recovered === undefined) {
      await directory.close();
      throw durableError(`${directory.path} holds nothing to recover; --durable alone begins a service`);
    }
    return new DurableHome(directory, policy, recovered);
  }

  /** What a fresh service would make unreachable. */
  get forgotten(): FtWasmError | undefined {
    const { recovered, path } = this.#directory;
    if (recovered === undefined || this.#recovered !== undefined) return undefined;
    const what = `${path} holds the service ${recovered.header.service} up to event ${recovered.event}`;
    return durableError(`${what}; go on with it by --recover, or begin afresh in an empty directory`);
  }

  /** Undefined if the next life starts or joins a service. */
  get service(): RecoveredService | undefined {
    if (this.#recovered === undefined) return undefined;
    const { event, epoch, header } = this.#recovered;
    return { event, epoch, writers: header.writers };
  }

  /**
   * Begins a life, as `writer`. What is recovered is written on at once: whoever is named in the arbiter's record must be
   * found in the directory. Rejects with FTW_DURABLE.
   */
  async begin(host: GuestHost, writer: Writer, service: string, onEvent: EventListener): Promise<DurableLife> {
    const { guest, manifest } = host;
    const recovered = this.#recovered;
    this.#recovered = undefined;
    if (recovered !== undefined) this.#compare(recovered, service, manifest);
    const { outputAfter } = this.#policy;
    const options = { service, manifest, writer, outputAfter };
    const size = () => ({ path: this.#directory.path, ...this.#directory.size });
    const link = await DurableLink.open({ policy: this.#policy, guest, timers: nodeTimers, onEvent, size }, (events) =>
      this.#directory.store(options, events),
    );
    if (recovered === undefined) return { link, recovery: undefined };
    await link.store.goOn(recovered);
    link.recovered(recovered);
    const { gate, clients } = host;
    const items = () => this.#directory.items(recovered);
    const recovery = new Recovery({
      ...{ recovered, items, guest, gate, onEvent },
      port: clients.gateways,
      timers: nodeTimers,
    });
    return { link, recovery };
  }

  close(): Promise<void> {
    return this.#directory.close();
  }

  #compare(recovered: Recovered, service: string, manifest: Manifest): void {
    const different = differencesOf(recovered.header, { service, manifest });
    if (different.length === 0) return;
    throw durableError(`${this.#directory.path} cannot be recovered here: ${different.join('; ')}`, { different });
  }
}

export interface DurableLife {
  readonly link: DurableLink;
  readonly recovery: Recovery | undefined;
}

/**
 * A recovery takes the service from everybody else, so nobody may have it any more: rejects with FTW_EPOCH_LOST if a replica
 * that the record names still has the guest's state.
 */
export async function checkNobodyLives(arbiter: Arbiter, ownAddress: string): Promise<void> {
  const current = await arbiter.read();
  if (current === undefined || current.record.ended) return;
  const others = current.record.members.filter(({ address }) => address !== undefined && address !== ownAddress);
  await Promise.all(others.map((member) => checkIsGone(member, current.record.service)));
}

async function checkIsGone({ id, address = '' }: Member, service: string): Promise<void> {
  // A machine without power cannot be told from one that is cut off; the operator has decided that it is dead.
  if (!(await isReachable(address))) return;
  let what = 'something there takes connections, and does not say what it is';
  try {
    const status = await requestStatus(address);
    // Started again under its old address, it has no state and waits for somebody who has.
    if (status.service !== service || status.role === 'standby') return;
    what = `it is a ${status.role} of ${service}`;
  } catch (error) {
    if (!(error instanceof FtWasmError)) throw error;
  }
  const advice = 'stop it first, or start this replica as a backup';
  throw new FtWasmError('FTW_EPOCH_LOST', `${id} at ${address} may be alive: ${what}; ${advice}`, { id, address });
}

async function isReachable(address: string): Promise<boolean> {
  try {
    (await dialTcp(parseAddress(address, 'replica'))).destroy();
    return true;
  } catch (error) {
    if (error instanceof FtWasmError) return false;
    throw error;
  }
}
