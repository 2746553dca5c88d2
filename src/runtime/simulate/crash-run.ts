/**
 * One run of a script against a service whose primary dies at a chosen place: after so many log entries have reached the
 * backup, at one step of the protocol. Everything happens in this thread, one thing after the other.
 */
import type { Outcome } from '../../engine/engine.js';
import { Gateway } from '../../gateway/gateway.js';
import { decodeBatch, encodeBatch } from '../../log/codec.js';
import { progressPayload, takeProgressPayload } from '../gateway-links.js';
import { GatewayWire } from './gateway-wire.js';
import { ManualTime } from './manual-time.js';
import type { Script } from './script.js';
import { type ClientRecord, ScriptClients } from './script-clients.js';
import { type SimulatedBatch, SimulatedReplica, type SimulatedService } from './simulated-replica.js';

/**
 * Where the primary dies, once the backup has received entry `event`:
 * - received: before it heard of that, so nothing that depends on the latest entries has left it
 * - unsent: when it had released their output, but nothing of that had reached the gateway
 * - sent: when the clients had that output, but neither replica knew
 */
export const CRASH_STEPS = ['received', 'unsent', 'sent'] as const;
export type CrashStep = (typeof CRASH_STEPS)[number];

const PRIMARY_EPOCH = 1;
const BACKUP_EPOCH = 2;

export interface CrashPoint {
  readonly event: number;
  readonly step: CrashStep;
}

/** What a run looked like from outside. */
export interface CrashRunResult {
  readonly clients: readonly ClientRecord[];
  /** Entries logged, by the first replica if it was not killed. */
  readonly entries: number;
  /** False if the guest ended before the chosen place was reached. */
  readonly crashed: boolean;
  readonly outcome: Outcome;
}

export type ServiceFactory = (clock: ManualTime) => SimulatedService;

/** Runs the script; with `point`, the primary dies there. Throws what the guest, its replay or a gateway throws. */
export function runScript(makeService: ServiceFactory, script: Script, point?: CrashPoint): CrashRunResult {
  return new CrashRun(makeService, script, point).run();
}

class CrashRun {
  readonly #time = new ManualTime();
  readonly #service: SimulatedService;
  readonly #point: CrashPoint | undefined;
  readonly #gateway: Gateway;
  readonly #clients: ScriptClients;
  /** The log as the backup has it. */
  readonly #log: Uint8Array[] = [];
  #logEvent = 0;
  #logCounter = 0;
  /** What the backup was told of clients' progress. */
  readonly #progress: Uint8Array[] = [];
  #wire: GatewayWire | undefined;
  /** The one that is not dead. */
  #live: SimulatedReplica | undefined;
  #crashed = false;

  constructor(makeService: ServiceFactory, script: Script, point: CrashPoint | undefined) {
    this.#service = makeService(this.#time);
    this.#point = point;
    this.#gateway = new Gateway({ service: '', listeners: script.listeners });
    this.#clients = new ScriptClients(script, this.#gateway);
  }

  run(): CrashRunResult {
    const primary: SimulatedReplica = new SimulatedReplica(this.#service, 'live', {
      sleep: (ms) => this.#sleep(primary, ms),
      busy: (ms) => this.#pass(primary, ms),
      live: () => {},
    });
    primary.serve(PRIMARY_EPOCH, []);
    this.#live = primary;
    let outcome = this.#runGuest(primary);
    if (this.#crashed) outcome = this.#runGuest(this.#takeOver());
    this.#clients.finish();
    return { clients: this.#clients.records, entries: this.#logEvent, crashed: this.#crashed, outcome };
  }

  #runGuest(replica: SimulatedReplica): Outcome {
    replica.endStdin();
    const outcome = replica.run();
    this.#work(replica);
    // A guest that ended by itself leaves its connections to be closed, those of clients that come later, too.
    while (replica === this.#live && !this.#clients.done && replica.closeStreams(BACKUP_EPOCH)) this.#work(replica);
    return outcome;
  }

  /** The backup consumes the log to its end and goes live (R6). */
  #takeOver(): SimulatedReplica {
    const backup: SimulatedReplica = new SimulatedReplica(this.#service, 'replay', {
      sleep: (ms) => this.#sleep(backup, ms),
      busy: (ms) => this.#pass(backup, ms),
      live: (streams) => backup.serve(BACKUP_EPOCH, streams),
    });
    for (const payload of this.#progress) takeProgressPayload(backup.port, payload);
    for (const batch of this.#log) backup.batch(batch);
    backup.goLive();
    backup.gate.release(this.#logEvent);
    this.#live = backup;
    return backup;
  }

  /** The guest sleeps: the world does what it can, and if that is nothing, time passes. */
  #sleep(replica: SimulatedReplica, ms: number): void {
    if (!this.#work(replica)) this.#pass(replica, ms);
  }

  /** Time passes, and the world has it to do what it can. */
  #pass(replica: SimulatedReplica, ms: number): void {
    this.#work(replica);
    if (replica !== this.#live) return;
    if (this.#clients.done) {
      replica.stop();
      return;
    }
    this.#time.advance(ms);
    this.#clients.waited(ms);
  }

  /** Everything that can happen now; false if that was nothing. */
  #work(replica: SimulatedReplica): boolean {
    let worked = false;
    for (let moved = true; moved && replica === this.#live; worked ||= moved) {
      moved = replica.pump();
      moved = this.#takeBatches(replica) || moved;
      if (replica !== this.#live) return true;
      if (replica.port.live) this.#wire ??= new GatewayWire(this.#gateway, replica.port);
      moved = (this.#wire?.carry() ?? false) || moved;
      moved = this.#clients.advance() || moved;
    }
    if (replica === this.#live) this.#report(replica);
    return worked;
  }

  #report(replica: SimulatedReplica): void {
    this.#gateway.tick();
    this.#wire?.carry();
    const progress = progressPayload(replica.port);
    if (progress !== undefined) this.#progress.push(progress);
  }

  /** The backup receives what the guest has logged, and its outputs are released (R1), unless the primary dies here. */
  #takeBatches(replica: SimulatedReplica): boolean {
    const batches = replica.batches.splice(0);
    for (const batch of batches) {
      const dies = !this.#crashed && this.#point !== undefined && batch.lastEvent >= this.#point.event;
      if (dies) {
        this.#crash(replica, batch, this.#point as CrashPoint);
        break;
      }
      this.#append(batch, batch.lastEvent);
      replica.gate.release(batch.lastEvent);
    }
    return batches.length > 0;
  }

  /** The backup receives a batch up to `lastEvent`. */
  #append({ firstEvent, bytes }: SimulatedBatch, lastEvent: number): void {
    const entries = decodeBatch(bytes).entries.slice(0, lastEvent - firstEvent + 1);
    if (entries.length === 0) return;
    this.#log.push(encodeBatch(firstEvent, this.#logCounter, entries));
    this.#logEvent = lastEvent;
    this.#logCounter = entries.at(-1)?.counter ?? this.#logCounter;
  }

  #crash(replica: SimulatedReplica, batch: SimulatedBatch, { event, step }: CrashPoint): void {
    this.#append(batch, event);
    if (step !== 'received') replica.gate.release(event);
    if (step === 'sent') this.#wire?.carry();
    this.#wire?.cut();
    this.#wire = undefined;
    this.#live = undefined;
    this.#crashed = true;
    replica.stop();
  }
}
