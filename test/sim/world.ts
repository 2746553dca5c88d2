/** Everything outside the replicas: time, network, arbiter, processes, and what each process does with an effect. */
import { sameMember } from '../../src/arbiter/arbiter.js';
import { MemoryArbiter } from '../../src/arbiter/memory.js';
import type { Heartbeat } from '../../src/replica/messages.js';
import type { ArbiterResult, Effect, Input, ReplicaConfig } from '../../src/replica/types.js';
import { Checker } from './checker.js';
import { Network } from './network.js';
import { SimProcess } from './process.js';
import type { Random } from './random.js';
import { Scheduler } from './scheduler.js';

export const ARBITER = 'arbiter';

const ARBITER_TIMEOUT_MS = 60;
const DIAL_TIMEOUT_MS = 100;

type ArbiterEffect = Effect & { type: 'arbiter-read' | 'arbiter-cas' };

export interface WorldOptions {
  readonly random: Random;
  readonly minBackups: number;
  /** The guest exits after so many events. */
  readonly guestEvents: number;
  readonly onTrace?: (line: string) => void;
}

export class World {
  readonly scheduler = new Scheduler();
  readonly arbiter = new MemoryArbiter();
  readonly checker = new Checker(() => this.arbiter.state);
  readonly network: Network;
  readonly random: Random;
  readonly minBackups: number;
  readonly guestEvents: number;
  readonly guestExitCode = 7;
  /** Share of requests to the arbiter, and of its answers, that get lost or come very late. */
  arbiterLoss = 0;
  /** Every process that was ever started. */
  readonly processes: SimProcess[] = [];
  readonly #current = new Map<string, SimProcess>();
  readonly #onTrace: ((line: string) => void) | undefined;

  constructor(options: WorldOptions) {
    this.random = options.random;
    this.minBackups = options.minBackups;
    this.guestEvents = options.guestEvents;
    this.#onTrace = options.onTrace;
    this.network = new Network(this.scheduler, this.random);
  }

  /** Starts a process, also as the next incarnation of one that has ended. Ids are the addresses. */
  start(id: string, role: 'primary' | 'backup'): void {
    const earlier = this.processes.filter((process) => process.id === id).length;
    const config: ReplicaConfig = {
      id,
      incarnation: `${earlier + 1}`,
      role,
      service: 'toy',
      manifest: { module: 'toy' },
      logAddress: id,
      ...(role === 'backup' ? { primaryAddress: 'a' } : {}),
      minBackups: this.minBackups,
      heartbeatMs: 20,
      failureTimeoutMs: 200,
      joinTimeoutMs: 1_500,
      shutdownTimeoutMs: 1_000,
      logBytesMax: 2_000,
      backlogBytesMax: 4_000,
      lagTargetMs: 100,
    };
    const process = new SimProcess(this, config);
    this.processes.push(process);
    this.#current.set(id, process);
    this.note(`start ${process.name} as ${role}`);
    process.start();
  }

  /** The newest process under this id, dead or alive. */
  process(id: string): SimProcess | undefined {
    return this.#current.get(id);
  }

  dial(from: SimProcess, address: string): void {
    this.scheduler.after(this.network.delayMs(), () => {
      const to = this.process(address);
      if (!this.#bothWays(from.id, address)) {
        this.scheduler.after(DIAL_TIMEOUT_MS, () => from.deliver({ type: 'connect-failed', reason: 'timed out' }));
      } else if (to === undefined || !to.running) {
        from.deliver({ type: 'connect-failed', reason: 'connection refused' });
      } else if (from.running) this.network.connect(from, to);
    });
  }

  probe(from: SimProcess, address: string): void {
    this.scheduler.after(this.network.delayMs(), () => {
      const refused = this.#bothWays(from.id, address) && this.process(address)?.end !== undefined;
      const delayMs = refused ? this.network.delayMs() : DIAL_TIMEOUT_MS;
      this.scheduler.after(delayMs, () => from.deliver({ type: 'probe-result', address, gone: refused }));
    });
  }

  datagram(from: SimProcess, address: string, message: Heartbeat): void {
    const to = this.process(address);
    if (to !== undefined) this.network.datagram(from, to, message);
  }

  /** A late request takes effect although nobody waits for its answer any more. */
  askArbiter(from: SimProcess, effect: ArbiterEffect): void {
    let answered = false;
    const answer = (result: ArbiterResult): void => {
      if (!answered) from.deliver({ type: 'arbiter-result', requestId: effect.requestId, result });
      answered = true;
    };
    this.scheduler.after(ARBITER_TIMEOUT_MS, () => answer({ kind: 'unreachable', message: 'no answer in time' }));
    this.#overArbiterLink(from.id, ARBITER, () => {
      const result = this.#applyToArbiter(from, effect);
      this.#overArbiterLink(ARBITER, from.id, () => answer(result));
    });
  }

  trace(process: SimProcess, input: Input, effects: readonly Effect[]): void {
    if (this.#onTrace === undefined) return;
    const quiet =
      input.type === 'tick' && effects.every((effect) => effect.type === 'heartbeat' || effect.type === 'send');
    if (!quiet) this.note(`${process.name} ${brief(input)} -> ${effects.map(brief).join(' ')}`);
  }

  note(line: string): void {
    this.#onTrace?.(`${this.scheduler.nowMs.toFixed(1).padStart(8)} ${line}`);
  }

  #applyToArbiter(from: SimProcess, effect: ArbiterEffect): ArbiterResult {
    if (effect.type === 'arbiter-read') return { kind: 'read', current: this.arbiter.state };
    const before = this.arbiter.state?.record;
    const result = this.arbiter.apply(effect.expectedGeneration, effect.record);
    const heir = before?.members.some((member) => effect.record.members.some((other) => sameMember(member, other)));
    if (result.won && heir !== true) this.checker.startsAfresh();
    if (result.won && effect.record.ended) this.checker.ended(from);
    this.note(`arbiter ${brief(effect)} ${result.won ? 'won' : 'lost'}`);
    return result.won ? { kind: 'won', generation: result.generation } : { kind: 'lost', current: result.current };
  }

  #overArbiterLink(from: string, to: string, arrive: () => void): void {
    const faulty = this.random.chance(this.arbiterLoss);
    if (faulty && this.random.chance(0.5)) return;
    const delayMs = faulty ? this.random.between(0, 4 * ARBITER_TIMEOUT_MS) : this.network.delayMs();
    this.scheduler.after(delayMs, () => {
      if (this.network.reaches(from, to)) arrive();
    });
  }

  #bothWays(a: string, b: string): boolean {
    return this.network.reaches(a, b) && this.network.reaches(b, a);
  }
}

function brief(item: Input | Effect): string {
  const text = JSON.stringify(item, (key, value) => (key === 'batch' || key === 'manifest' ? undefined : value));
  return text.length > 260 ? `${text.slice(0, 257)}...` : text;
}
