/**
 * A primary before it has its epoch: it claims the service and lets early backups wait. If the service runs already, as it
 * does for a primary that was killed and started again, it joins instead.
 */
import type { ArbiterState } from '../arbiter/arbiter.js';
import type { ArbiterSession } from './arbiter-session.js';
import type { Context } from './context.js';
import { EXIT_CODES } from './exit-codes.js';
import { claimService } from './failover.js';
import { claimRecovered, isEndOfService } from './recovery.js';
import type { Role, RoleInput } from './role.js';
import type { RecoveredService } from './types.js';

/** Inputs about connections that are kept for the primary; more than any honest number of backups needs. */
const KEPT_MAX = 1_000;

type OnWon = (state: ArbiterState, kept: readonly RoleInput[]) => void;

export class StartingPrimary implements Role {
  readonly name = 'primary';
  readonly epoch = 0;
  readonly #context: Context;
  readonly #arbiter: ArbiterSession;
  readonly #onWon: OnWon;
  readonly #kept: RoleInput[] = [];

  constructor(
    context: Context,
    arbiter: ArbiterSession,
    onWon: OnWon,
    private readonly onRunning: (kept: readonly RoleInput[]) => void,
  ) {
    this.#context = context;
    this.#arbiter = arbiter;
    this.#onWon = onWon;
  }

  handle(input: RoleInput): void {
    if (input.type === 'start') this.#claim();
    else if (input.type === 'shutdown') this.#context.stop(EXIT_CODES.ok, 'shut down before the service started');
    else if (input.type === 'message' || input.type === 'peer-connected' || input.type === 'peer-closed') {
      this.#keep(input);
    }
  }

  slept(): void {}

  #keep(input: RoleInput & { type: 'message' | 'peer-connected' | 'peer-closed' }): void {
    if (this.#kept.length < KEPT_MAX) this.#kept.push(input);
    else if (input.type !== 'peer-closed') this.#context.close(input.peer, 'not ready yet');
  }

  #claim(): void {
    const { config, self } = this.#context;
    if (config.recovered !== undefined) return this.#claimRecovered(config.recovered);
    claimService(this.#arbiter, self, config.service, {
      won: (state, replaced) => {
        this.#context.event('epoch-won', { epoch: state.record.epoch, members: [config.id] });
        if (replaced !== undefined && !replaced.record.ended) {
          this.#context.event('record-replaced', { epoch: replaced.record.epoch });
        }
        this.#onWon(state, this.#kept);
      },
      running: (reason) => {
        this.#context.event('already-running', { reason });
        this.onRunning(this.#kept);
      },
      refused: (reason) => this.#context.stop(EXIT_CODES.arbiter, reason),
    });
  }

  #claimRecovered(recovered: RecoveredService): void {
    const { config, self } = this.#context;
    claimRecovered(this.#arbiter, self, config.service, recovered, {
      won: (state, replaced) => {
        // First, so that what is written says so before it says that this replica has won.
        this.#context.emit({ type: 'recover', complete: isEndOfService(replaced?.record, recovered) });
        this.#context.event('epoch-won', { epoch: state.record.epoch, members: [config.id] });
        this.#onWon(state, this.#kept);
      },
      refused: (reason) => this.#context.stop(EXIT_CODES.lostEpoch, reason),
    });
  }
}
