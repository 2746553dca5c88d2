/** One engine's half of a comparison: replays the recording from one point to the next. */
import type { EngineInstance, EngineLimits, InstanceOptions, Outcome, PreparedModule } from '../engine/engine.js';
import { DivergenceError } from '../errors.js';
import type { Entry } from '../log/entry.js';
import { Session } from '../record/session.js';
import type { WasiConfig } from '../wasi/config.js';
import { exportState, importState } from '../wasi/snapshot.js';
import { createWasi, type Wasi } from '../wasi/wasi.js';
import type { Checkpoint, Point } from './point.js';
import { logFrom, REPLAY_HOST } from './replay-host.js';

/** What is replayed. */
export interface Recorded {
  readonly entries: readonly Entry[];
  readonly wasi: WasiConfig;
  readonly limits: EngineLimits;
  /** Where the run ended if its own end is not in the log; see {@link InstanceOptions.fuelMax}. */
  readonly fuelMax?: number;
}

/** How close the points are. */
export interface Pace {
  /** Instructions between two points, at least. */
  readonly sliceFuel: number;
  /** Also a point behind every host call. */
  readonly atCalls: boolean;
}

export class Side<Instance extends EngineInstance = EngineInstance> {
  instance!: Instance;
  private session!: Session;
  private wasi!: Wasi;
  /** The module's start function is still to end. */
  protected starting = true;
  /** What is to be run next, to the next point. */
  private run!: () => Outcome;

  constructor(
    readonly engine: 'compiled' | 'interpreter',
    private readonly prepared: PreparedModule,
    private readonly recorded: Recorded,
  ) {}

  /** From the start, or from where a run of either engine was. */
  begin(from: Checkpoint | undefined, pace: Pace): void {
    const { entries, wasi } = this.recorded;
    const resume = from === undefined ? {} : { resume: from.session };
    const source = logFrom(entries, from?.session.event ?? 0);
    this.session = new Session({ sink: { append: () => {} }, source, ...resume });
    const state = from === undefined ? [] : [importState(from.wasi)];
    this.wasi = createWasi(wasi, REPLAY_HOST, this.session, ...state);
    this.starting = from?.starting ?? true;
    const options = this.options(pace);
    if (from === undefined) {
      this.instance = this.prepared.instantiate(options) as Instance;
      this.run = () => this.instance.start();
    } else {
      const engine = { ...from.engine, sliceEnd: from.engine.counter + pace.sliceFuel };
      this.instance = this.prepared.restore!(engine, options) as Instance;
      this.run = () => this.instance.resume!();
    }
    this.wasi.bindMemory(() => this.instance.memory!);
  }

  /** Runs to the next point. */
  next(): Point {
    try {
      return this.pointAt(this.runOn());
    } catch (error) {
      if (!(error instanceof DivergenceError)) throw error;
      return { kind: 'diverged', counter: this.instance.counter, message: error.message };
    }
  }

  /** Where the guest is, the host included; `engine` is its state there. */
  checkpoint(engine: Checkpoint['engine']): Checkpoint {
    const { session, starting, wasi } = this;
    return { engine, session: session.state(), wasi: exportState(wasi.state), starting };
  }

  private runOn(): Outcome {
    const outcome = this.run();
    this.run = () => this.instance.resume!();
    if (outcome.kind !== 'returned' || !this.starting) return outcome;
    this.starting = false;
    this.run = () => this.instance.call('_start', []);
    return this.runOn();
  }

  private pointAt(outcome: Outcome): Point {
    const { counter } = outcome;
    const state = this.instance.state!();
    if (outcome.kind === 'captured') return { kind: 'captured', counter, checkpoint: this.checkpoint(state) };
    return { kind: 'ended', counter, outcome, state };
  }

  private options({ atCalls, sliceFuel }: Pace): InstanceOptions {
    const { fuelMax, limits } = this.recorded;
    const { imports } = this.wasi;
    const resolve: InstanceOptions['imports']['resolve'] = (module, name, type) => {
      const host = imports.resolve(module, name, type) as ((...args: unknown[]) => unknown) | undefined;
      if (host === undefined || !atCalls) return host as never;
      const watched = (...args: unknown[]) => {
        this.instance.requestCapture!();
        return host(...args);
      };
      return watched as never;
    };
    return {
      ...{ imports: { resolve }, limits, sliceFuel },
      onSlice: () => this.instance.requestCapture!(),
      ...(fuelMax === undefined ? {} : { fuelMax }),
    };
  }
}
