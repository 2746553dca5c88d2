/**
 * A primary and a backup as two processes on this machine with a temporary file arbiter: the whole system in one call. A
 * process that dies is started again and joins the other one. It protects from the death of a process, not of the machine;
 * for that, start two replicas on two machines.
 */
import type { Arbiter } from '../../arbiter/arbiter.js';
import { openArbiter } from '../../arbiter/node/open.js';
import { deferred } from '../deferred.js';
import {
  checkGuestOptions,
  EMPTY_STATS,
  type GuestOptions,
  type ReplicaOptions,
  type Service,
  type ServiceEvent,
  type ServiceExit,
  type ServiceStats,
} from '../options.js';
import { ReplicaChild } from './replica-child.js';
import { type GatewayService, startGateway } from './start-gateway.js';
import { makeTemporary, removeTemporary } from './temporary.js';

export interface PairOptions extends GuestOptions {
  /** Default: a file in a temporary directory that is removed at the end. */
  readonly arbiter?: string;
  readonly service?: string;
  /** Default 20. */
  readonly heartbeatMs?: number;
  /** Default 200. */
  readonly failureTimeoutMs?: number;
  /**
   * Whether this process carries the clients' connections (default), so that they survive a failover. Without it the
   * replicas listen themselves, and connections are reset.
   */
  readonly gateway?: boolean;
  /** Whether a replica that ended is started again while the service goes on (default). */
  readonly rejoin?: boolean;
}

/** A service whose replicas are processes of their own. */
export interface PairService extends Service {
  /** Process id of each replica that is still running, by its id. */
  readonly processes: Readonly<Record<string, number>>;
}

/** SIGTERM that came to one replica comes to this process within this time, if it was meant for the whole pair; in ms. */
const GROUP_SIGNAL_MS = 100;

/** Pause before a replica is started again; doubled each time that it ends before it has lived {@link SETTLED_MS}. */
const RESTART_MS_MIN = 50;
const RESTART_MS_MAX = 10_000;
const SETTLED_MS = 10_000;

const PRIMARY_ID = 'replica-1';
const BACKUP_ID = 'replica-2';

/** Starts both replicas; resolves once the backup has joined. Rejects if either cannot start. */
export async function startPair(options: PairOptions): Promise<PairService> {
  checkGuestOptions(options);
  const temporary = options.arbiter === undefined ? await makeTemporary() : undefined;
  const arbiter = options.arbiter ?? `file:${temporary}/arbiter`;
  const pair = new Pair({ ...options, arbiter });
  try {
    await pair.start();
  } catch (error) {
    await pair.kill();
    await removeTemporary(temporary);
    throw error;
  }
  const done = pair.done.then(async (exit) => {
    await removeTemporary(temporary);
    return exit;
  });
  return {
    done,
    close: () => {
      pair.close();
      return done;
    },
    stats: () => pair.stats,
    get processes() {
      return pair.processes;
    },
  };
}

class Pair {
  readonly #options: PairOptions & { arbiter: string };
  readonly #replicas = new Map<string, ReplicaChild>();
  readonly #exits: { exit: ServiceExit; live: boolean }[] = [];
  /** Where the replicas were found to listen, by their ids. */
  readonly #listening = new Map<string, { log: string; clients: string[] }>();
  #gateway: GatewayService | undefined;
  /** Where clients find the service, without a gateway. */
  #clientAddresses: readonly string[] | undefined;
  readonly #redundant = deferred<void>();
  readonly #done = deferred<ServiceExit>();
  /** Replicas that will be started again, with their timers. */
  readonly #restarts = new Map<string, NodeJS.Timeout>();
  readonly #restartMs = new Map<string, number>();
  #liveId = PRIMARY_ID;
  #closing = false;
  /** Both replicas have been started: from now on their ends are no failure to start. */
  #up = false;
  readonly #arbiter: Arbiter;
  /** Looks at the arbiter that are under way: a first one also writes beside the record. */
  readonly #looks = new Set<Promise<unknown>>();

  constructor(options: PairOptions & { arbiter: string }) {
    this.#options = options;
    this.#arbiter = openArbiter(options.arbiter);
  }

  get done(): Promise<ServiceExit> {
    return this.#done.promise;
  }

  get processes(): Record<string, number> {
    return Object.fromEntries([...this.#replicas].map(([id, child]) => [id, child.pid]));
  }

  /** Counters of whichever replica is live, as it last reported them. */
  get stats(): ServiceStats {
    const child = this.#replicas.get(this.#liveId) ?? [...this.#replicas.values()][0];
    const last = this.#exits.at(-1)?.exit.stats;
    return child?.stats() ?? last ?? EMPTY_STATS;
  }

  async start(): Promise<void> {
    const listeners = this.#carried ? this.#unusedAddresses() : this.#options.tcplisten;
    const primary = await this.#spawn(PRIMARY_ID, {
      role: 'primary',
      logListen: '127.0.0.1:0',
      tcplisten: listeners,
      minBackups: 1,
    });
    const backup = await this.#spawn(BACKUP_ID, { logListen: '127.0.0.1:0', ...this.#backupOptions() });
    if (this.#carried) await this.#startGateway();
    await Promise.race([this.#redundant.promise, Promise.all([primary.exited, backup.exited])]);
    this.#up = true;
    await this.#settle();
  }

  get #carried(): boolean {
    return this.#options.gateway !== false && (this.#options.tcplisten ?? []).length > 0;
  }

  /** Behind a gateway the replicas' own listeners serve nobody, but the guest must find as many of them. */
  #unusedAddresses(): string[] {
    return (this.#options.tcplisten ?? []).map(() => '127.0.0.1:0');
  }

  /** Without a gateway, whoever goes live takes over the addresses that the first primary had. */
  #backupOptions(): { role: 'backup'; primary: string; tcplisten: readonly string[] } {
    this.#clientAddresses ??= [...this.#addresses(PRIMARY_ID).clients];
    const tcplisten = this.#carried ? this.#unusedAddresses() : this.#clientAddresses;
    return { role: 'backup', primary: this.#addresses(PRIMARY_ID).log, tcplisten };
  }

  /** Orderly end: the backup leaves first, so that nobody takes over what is meant to stop. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    for (const timer of this.#restarts.values()) clearTimeout(timer);
    this.#restarts.clear();
    const live = this.#replicas.get(this.#liveId);
    const others = [...this.#replicas.values()].filter((child) => child !== live);
    for (const child of others) child.shutdown();
    void Promise.all(others.map((child) => child.exited)).then(() => live?.shutdown());
    void this.#settle();
  }

  /** SIGTERM for one replica means a hand-over; for all of them it means the end, which has an order of its own. */
  #terminated(child: ReplicaChild): void {
    setTimeout(() => {
      if (!this.#closing) child.shutdown();
    }, GROUP_SIGNAL_MS);
  }

  async kill(): Promise<void> {
    this.#closing = true;
    await this.#gateway?.close();
    for (const child of this.#replicas.values()) child.kill();
    await Promise.all([...this.#replicas.values()].map((child) => child.exited));
    await Promise.all(this.#looks);
  }

  async #spawn(
    id: string,
    own: Pick<ReplicaOptions, 'role' | 'logListen' | 'primary' | 'tcplisten' | 'minBackups'>,
  ): Promise<ReplicaChild> {
    const { stdio, onEvent: _, onProgress: __, stdin: ___, gateway: ____, ...shared } = this.#options;
    const child = new ReplicaChild(
      id,
      { ...shared, ...own, id },
      stdio,
      (event) => this.#onEvent(id, event),
      () => this.#terminated(child),
    );
    this.#replicas.set(id, child);
    const startedMs = performance.now();
    void child.exited.then((exit) => {
      this.#replicas.delete(id);
      this.#exits.push({ exit, live: id === this.#liveId });
      if (performance.now() - startedMs > SETTLED_MS) this.#restartMs.delete(id);
      this.#emit({
        name: 'replica-ended',
        level: exit.exitCode === 0 ? 'info' : 'warn',
        fields: { id, exitCode: exit.exitCode, reason: exit.reason },
      });
      if (this.#up) void this.#ended(id);
    });
    this.#emit({ name: 'replica-started', level: 'info', fields: { id, pid: child.pid, role: own.role } });
    await child.started;
    return child;
  }

  /** One replica has ended: as long as the other one serves, it is started again. */
  async #ended(id: string): Promise<void> {
    const again = this.#options.rejoin !== false && this.#replicas.size > 0 && !(await this.#serviceEnded());
    if (again && !this.#closing && this.#replicas.size > 0) {
      const ms = this.#restartMs.get(id) ?? RESTART_MS_MIN;
      this.#restartMs.set(id, Math.min(RESTART_MS_MAX, 2 * ms));
      this.#restarts.set(
        id,
        setTimeout(() => this.#restart(id), ms),
      );
    }
    await this.#settle();
  }

  #restart(id: string): void {
    this.#restarts.delete(id);
    if (this.#closing || this.#replicas.size === 0) return void this.#settle();
    const own = { logListen: this.#addresses(id).log, ...this.#backupOptions() };
    // What keeps it from starting shows in its end, which leads here again.
    this.#spawn(id, own).catch(() => {});
  }

  async #serviceEnded(): Promise<boolean> {
    const look = this.#arbiter.read().catch(() => undefined);
    this.#looks.add(look);
    const current = await look;
    this.#looks.delete(look);
    return current?.record.ended === true;
  }

  /** Nobody is left: the pair has ended. */
  async #settle(): Promise<void> {
    if (!this.#up || this.#replicas.size > 0) return;
    for (const timer of this.#restarts.values()) clearTimeout(timer);
    this.#restarts.clear();
    await this.#gateway?.close();
    await Promise.all(this.#looks);
    this.#done.resolve(this.#result());
  }

  #onEvent(id: string, event: ServiceEvent): void {
    if (event.name === 'backup-joined') this.#redundant.resolve();
    if (event.name === 'go-live') this.#liveId = id;
    if (event.name === 'listening') {
      const address = String(event.fields['address']);
      if (event.fields['kind'] === 'log') this.#addresses(id).log = address;
      else this.#addresses(id).clients.push(address);
      // Nobody should connect to a replica behind the gateway: its address is not for users.
      if (event.fields['kind'] === 'client' && this.#options.gateway !== false) return;
    }
    this.#emit(event);
  }

  #addresses(id: string): { log: string; clients: string[] } {
    const known = this.#listening.get(id) ?? { log: '', clients: [] };
    this.#listening.set(id, known);
    return known;
  }

  async #startGateway(): Promise<void> {
    this.#gateway = await startGateway({
      listen: this.#options.tcplisten ?? [],
      replicas: [...this.#listening.values()].map(({ log }) => log),
      onEvent: (event) => this.#emit(event),
    });
  }

  #emit(event: ServiceEvent): void {
    this.#options.onEvent?.(event);
  }

  /** The service ended as its live replica ended; if none was live at its end, as the last one did. */
  #result(): ServiceExit {
    const chosen = this.#exits.filter(({ live }) => live).at(-1) ?? this.#exits.at(-1);
    return chosen?.exit ?? { exitCode: 1, reason: 'no replica ran', stats: EMPTY_STATS };
  }
}
