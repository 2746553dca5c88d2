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
import type { ReplicaOptions, ServiceEvent, ServiceStats } from '../options.js';
import type { PeerNetwork } from '../ports.js';
import { GuestHost } from './guest-host.js';
import { nodeTimers } from './timers.js';

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
}

export class ReplicaLife {
  readonly host: GuestHost;
  readonly #driver: ReplicaDriver;
  readonly #stopped: Deferred<ReplicaStop>;

  private constructor(host: GuestHost, driver: ReplicaDriver, stopped: Deferred<ReplicaStop>) {
    this.host = host;
    this.#driver = driver;
    this.#stopped = stopped;
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
        onCaptured: (capture, event, counter) => driver?.onCaptured(capture, event, counter),
        onCaptureFailed: (capture, reason, retry) => driver?.onCaptureFailed(capture, reason, retry),
        onReport: (report) => driver !== undefined && passOn(driver, report),
      },
    );
    const stopped = deferred<ReplicaStop>();
    const { id } = options;
    driver = new ReplicaDriver({
      config: configOf(options, parts, host),
      arbiter: parts.arbiter,
      network: parts.network,
      guest: host.guest,
      clients: host.clients,
      gate: host.gate,
      timers: nodeTimers,
      onEvent: (name, level, fields) => parts.emit({ name, level, fields: { replica: id, ...fields } }),
      onStop: (stop) => stopped.resolve(stop),
    });
    return new ReplicaLife(host, driver, stopped);
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

  /** Why it stopped. Its connections and its guest are closed by then. */
  async ended(): Promise<ReplicaStop & { stats: ServiceStats }> {
    const stop = await this.#stopped.promise;
    const stats = this.stats();
    await this.host.close();
    return { ...stop, stats };
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
