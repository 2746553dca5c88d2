/**
 * One life of a replica: a fresh guest, the protocol around it, until it stops. A process can have several lives, one after
 * the other, behind the same log address: a backup that diverged, or lost a race, joins again with a fresh guest.
 */
import { randomBytes } from 'node:crypto';
import type { Arbiter } from '../../arbiter/arbiter.js';
import { REPLICA_DEFAULTS, type ReplicaConfig } from '../../replica/types.js';
import type { Channel } from '../../transport/channel.js';
import { type Deferred, deferred } from '../deferred.js';
import { ReplicaDriver, type ReplicaStop } from '../driver.js';
import type { GuestReport } from '../guest/protocol.js';
import { describeReport, reportExitCode } from '../guest-report.js';
import { LATE_MS, LateEvents } from '../late-events.js';
import type { ReplicaOptions, ServiceEvent, ServiceStats } from '../options.js';
import type { EventListener, PeerNetwork } from '../ports.js';
import { GuestHost } from './guest-host.js';
import type { DurableHome, DurableLife } from './start-durable.js';
import { nodeTimers } from './timers.js';

/**
 * A successor goes live while its predecessor ends. Ending a thread takes several milliseconds of a processor, which both
 * need if they are on one machine: the predecessor waits so long.
 */
const HANDED_OVER_QUIET_MS = 100;

export interface LifeOptions extends ReplicaOptions {
  readonly id: string;
}

/** What a process lends to each of its lives. */
export interface LifeParts {
  readonly arbiter: Arbiter;
  readonly network: PeerNetwork;
  readonly logAddress: string;
  readonly timing: Pick<
    ReplicaConfig,
    'heartbeatMs' | 'failureTimeoutMs' | 'joinTimeoutMs' | 'minBackups' | 'backups' | 'acks'
  >;
  readonly emit: (event: ServiceEvent) => void;
  readonly durable?: DurableHome | undefined;
}

export class ReplicaLife {
  readonly host: GuestHost;
  readonly #driver: ReplicaDriver;
  readonly #stopped: Deferred<ReplicaStop>;
  readonly #events: LateEvents<ServiceEvent>;
  readonly #durable: DurableLife | undefined;

  private constructor(
    host: GuestHost,
    driver: ReplicaDriver,
    stopped: Deferred<ReplicaStop>,
    events: LateEvents<ServiceEvent>,
    durable: DurableLife | undefined,
  ) {
    this.host = host;
    this.#driver = driver;
    this.#stopped = stopped;
    this.#events = events;
    this.#durable = durable;
  }

  /** Prepares the module. `begin` starts the rest. Rejects with the error of whatever is wrong with the guest. */
  static async open(options: LifeOptions, parts: LifeParts): Promise<ReplicaLife> {
    let driver: ReplicaDriver | undefined;
    const host = await GuestHost.open(
      options,
      { logging: true, replicated: true },
      {
        onBatch: (first, last, counter, batch) => driver?.guestBatch(first, last, counter, batch),
        onLive: (streams) => driver?.guestLive(streams),
        onState: (capture, piece, last) => driver?.onState(capture, piece, last),
        onCaptured: (capture, event, counter, cost) => driver?.onCaptured(capture, event, counter, cost),
        onCaptureFailed: (capture, reason, retry) => driver?.onCaptureFailed(capture, reason, retry),
        onReport: (report) => driver !== undefined && passOn(driver, report),
      },
    );
    const stopped = deferred<ReplicaStop>();
    const { id } = options;
    const config = configOf(options, parts, host);
    const events = new LateEvents(parts.emit, (run) => nodeTimers.after(LATE_MS, run));
    const onEvent: EventListener = (name, level, fields) =>
      events.add({ name, level, fields: { replica: id, ...fields } });
    const durable = await beginDurable(parts, host, config, onEvent);
    driver = new ReplicaDriver({
      config,
      arbiter: parts.arbiter,
      network: parts.network,
      guest: host.guest,
      clients: host.clients,
      gate: host.gate,
      timers: nodeTimers,
      durable: durable?.link,
      recovery: durable?.recovery,
      onEvent,
      onStop: (stop) => stopped.resolve(stop),
    });
    return new ReplicaLife(host, driver, stopped, events, durable);
  }

  begin(): void {
    this.#driver.start();
  }

  accept(channel: Channel): void {
    this.#driver.accept(channel);
  }

  heartbeat(payload: Uint8Array): void {
    this.#driver.heartbeat(payload);
  }

  /** Leaves in good order. */
  shutdown(): void {
    this.#driver.shutdown();
  }

  stats(): ServiceStats {
    return this.host.stats(this.#driver.epoch);
  }

  /** Whether it goes on with a service from disk. */
  get recovers(): boolean {
    return this.#durable?.recovery !== undefined;
  }

  /** Ends its guest, but not within `quietMs`; what it has written stays. */
  async close(quietMs = 0): Promise<void> {
    this.#events.flush();
    await this.host.close(quietMs);
    await this.#durable?.link.close();
    this.#events.flush();
  }

  /** Why it stopped. Its connections and its guest are closed by then. */
  async ended(): Promise<ReplicaStop & { stats: ServiceStats }> {
    const stop = await this.#stopped.promise;
    const stats = this.stats();
    await this.close(stop.handedOver ? HANDED_OVER_QUIET_MS : 0);
    return { ...stop, stats };
  }
}

/** A guest whose directory cannot be used is not run. */
async function beginDurable(
  { durable }: LifeParts,
  host: GuestHost,
  config: ReplicaConfig,
  onEvent: EventListener,
): Promise<DurableLife | undefined> {
  try {
    const { id, incarnation, service } = config;
    return await durable?.begin(host, { id, incarnation }, service, onEvent);
  } catch (error) {
    await host.close();
    throw error;
  }
}

function configOf(options: LifeOptions, parts: LifeParts, host: GuestHost): ReplicaConfig {
  return {
    ...REPLICA_DEFAULTS,
    ...parts.timing,
    id: options.id,
    incarnation: randomBytes(8).toString('hex'),
    role: options.role,
    service: options.service ?? host.name,
    manifest: host.manifest,
    logAddress: parts.logAddress,
    ...(parts.durable?.service && { recovered: parts.durable.service }),
    ...(options.primary === undefined ? {} : { primaryAddress: options.primary }),
  };
}

function passOn(driver: ReplicaDriver, report: GuestReport): void {
  switch (report.kind) {
    case 'outcome':
      driver.guestExit({ exitCode: reportExitCode(report), description: describeReport(report) });
      break;
    case 'diverged':
      driver.guestDiverged(report.message);
      break;
    case 'fault':
      driver.hostFault(report.message);
      break;
  }
}
