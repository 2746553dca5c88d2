/** A replica in a child process, seen from its parent. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FtWasmError } from '../../errors.js';
import { EXIT_CODES } from '../../replica/exit-codes.js';
import { deferred } from '../deferred.js';
import {
  EMPTY_STATS,
  type GuestOptions,
  type ReplicaOptions,
  type ServiceEvent,
  type ServiceExit,
  type ServiceStats,
} from '../options.js';
import type { FromReplica, ToReplica } from './replica-ipc.js';

/** What a failover runs is compiled before, not while clients wait; see cli/compile-ahead.ts. */
const COMPILE_AHEAD = ['--no-lazy', '--no-flush-bytecode'];
/** How often the parent asks for counters, in ms. */
const STATS_MS = 250;

export class ReplicaChild {
  readonly pid: number;
  /** Resolves when the replica runs; rejects with what kept it from starting. */
  readonly started: Promise<void>;
  /** Resolves when the process has ended, however it did. */
  readonly exited: Promise<ServiceExit>;
  readonly #process: ChildProcess;
  #stats: ServiceStats | undefined;
  #exit: ServiceExit | undefined;

  constructor(
    id: string,
    options: ReplicaOptions,
    stdio: GuestOptions['stdio'],
    onEvent: (event: ServiceEvent) => void,
    onTerminated: () => void,
  ) {
    const streams = stdio === undefined ? 'inherit' : 'pipe';
    this.#process = fork(fileURLToPath(new URL('./replica-process.js', import.meta.url)), [], {
      stdio: ['ignore', streams, streams, 'ipc'],
      serialization: 'advanced',
      execArgv: [...process.execArgv.filter((arg) => !arg.startsWith('--inspect')), ...COMPILE_AHEAD],
    });
    this.pid = this.#process.pid ?? 0;
    this.#process.stdout?.on('data', (bytes: Uint8Array) => stdio?.stdout.write(bytes));
    this.#process.stderr?.on('data', (bytes: Uint8Array) => stdio?.stderr.write(bytes));

    const started = deferred<FtWasmError | undefined>();
    this.#process.on('message', (message: FromReplica) => {
      if (message.type === 'event') onEvent(message.event);
      else if (message.type === 'terminated') onTerminated();
      else if (message.type === 'started') started.resolve(undefined);
      else if (message.type === 'start-failed')
        started.resolve(new FtWasmError(message.code, message.message, message.details));
      else if (message.type === 'stats') this.#stats = message.stats;
      else this.#exit = message.exit;
    });
    const asking = setInterval(() => this.#send({ type: 'stats' }), STATS_MS);
    const exited = deferred<ServiceExit>();
    this.#process.once('error', (error) => started.resolve(new FtWasmError('FTW_HOST', `${id}: ${error.message}`)));
    this.#process.once('close', (code, signal) => {
      clearInterval(asking);
      started.resolve(new FtWasmError('FTW_HOST', `${id} ended before it was up (${signal ?? `exit code ${code}`})`));
      exited.resolve(this.#exit ?? this.#unexplained(code, signal));
    });
    this.exited = exited.promise;
    this.started = started.promise.then((error) => {
      if (error !== undefined) throw error;
    });
    this.started.catch(() => {});
    this.#send({ type: 'start', options });
  }

  stats(): ServiceStats | undefined {
    return this.#stats;
  }

  shutdown(): void {
    this.#send({ type: 'shutdown' });
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #send(message: ToReplica): void {
    // A channel that closed means a process that ends; `close` follows.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  #unexplained(code: number | null, signal: string | null): ServiceExit {
    const reason = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
    const stats = this.#stats ?? EMPTY_STATS;
    return { exitCode: code ?? EXIT_CODES.internal, reason, stats };
  }
}
