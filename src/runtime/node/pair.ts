/**
 * A primary and a backup as two processes on this machine with a temporary file arbiter: the whole system in one call.
 * It protects from the death of a process, not of the machine; for that, start two replicas on two machines.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkGuestOptions,
  EMPTY_STATS,
  type GuestOptions,
  type Service,
  type ServiceEvent,
  type ServiceExit,
  type ServiceStats,
} from '../options.js';
import { ReplicaChild } from './replica-child.js';

export interface PairOptions extends GuestOptions {
  /** Default: a file in a temporary directory that is removed at the end. */
  readonly arbiter?: string;
  readonly service?: string;
  /** Default 20. */
  readonly heartbeatMs?: number;
  /** Default 200. */
  readonly failureTimeoutMs?: number;
}

/** A service whose replicas are processes of their own. */
export interface PairService extends Service {
  /** Process id of each replica that is still running, by its id. */
  readonly processes: Readonly<Record<string, number>>;
}

const PRIMARY_ID = 'replica-1';
const BACKUP_ID = 'replica-2';

/** Starts both replicas; resolves once the backup has been started. Rejects if either cannot start. */
export async function startPair(options: PairOptions): Promise<PairService> {
  checkGuestOptions(options);
  const temporary = options.arbiter === undefined ? await mkdtemp(join(tmpdir(), 'ft-wasm-')) : undefined;
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
  /** Where the first primary was found to listen; the backup takes the same addresses over when it goes live. */
  readonly #addresses = { log: '', clients: [] as string[] };
  #liveId = PRIMARY_ID;
  done: Promise<ServiceExit> = Promise.reject(new Error('the pair has not been started'));

  constructor(options: PairOptions & { arbiter: string }) {
    this.#options = options;
    this.done.catch(() => {});
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
    const primary = await this.#spawn(PRIMARY_ID, { role: 'primary', logListen: '127.0.0.1:0' });
    const backup = await this.#spawn(BACKUP_ID, {
      role: 'backup',
      logListen: '127.0.0.1:0',
      primary: this.#addresses.log,
      tcplisten: this.#addresses.clients,
    });
    this.done = Promise.all([primary.exited, backup.exited]).then(() => this.#result());
  }

  /** Orderly end: the backup leaves first, so that nobody takes over what is meant to stop. */
  close(): void {
    const live = this.#replicas.get(this.#liveId);
    const others = [...this.#replicas.values()].filter((child) => child !== live);
    for (const child of others) child.shutdown();
    void Promise.all(others.map((child) => child.exited)).then(() => live?.shutdown());
  }

  async kill(): Promise<void> {
    for (const child of this.#replicas.values()) child.kill();
    await Promise.all([...this.#replicas.values()].map((child) => child.exited));
  }

  async #spawn(
    id: string,
    own: { role: 'primary' | 'backup'; logListen: string; primary?: string; tcplisten?: readonly string[] },
  ): Promise<ReplicaChild> {
    const { stdio, onEvent: _, onProgress: __, stdin: ___, ...shared } = this.#options;
    const child = new ReplicaChild(id, { ...shared, ...own, id }, stdio, (event) => this.#onEvent(id, event));
    this.#replicas.set(id, child);
    void child.exited.then((exit) => {
      this.#replicas.delete(id);
      this.#exits.push({ exit, live: id === this.#liveId });
      this.#emit({
        name: 'replica-ended',
        level: exit.exitCode === 0 ? 'info' : 'warn',
        fields: { id, exitCode: exit.exitCode, reason: exit.reason },
      });
    });
    this.#emit({ name: 'replica-started', level: 'info', fields: { id, pid: child.pid, role: own.role } });
    await child.started;
    return child;
  }

  #onEvent(id: string, event: ServiceEvent): void {
    if (event.name === 'go-live') this.#liveId = id;
    if (event.name === 'listening' && id === PRIMARY_ID) {
      const address = String(event.fields['address']);
      if (event.fields['kind'] === 'log') this.#addresses.log = address;
      else this.#addresses.clients.push(address);
    }
    this.#emit(event);
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

async function removeTemporary(directory: string | undefined): Promise<void> {
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
}
