/** Runs a guest with captures in between, and writes down what can be seen: it must not depend on them. */
import { crc32 } from '../../src/bytes/crc32.js';
import {
  type BoundaryValue,
  DEFAULT_LIMITS,
  type EngineInstance,
  type HostFunction,
  type InstanceOptions,
  type MarkingCode,
  type Outcome,
  type PreparedModule,
} from '../../src/engine/engine.js';
import type { EngineState } from '../../src/engine/state.js';
import { ValType } from '../../src/wasm/module.js';
import { WatchedPages } from '../support/written-pages.js';

export interface GuestRun {
  readonly prepared: PreparedModule;
  /** The exports to call in turn, after the start function. */
  readonly calls: readonly (readonly [name: string, ...args: BoundaryValue[]])[];
  /** Instructions between two pre-emption points that the host looks at. */
  readonly sliceFuel: number;
  /** Answers of host functions; 7 by default. */
  readonly host?: (name: string, args: readonly unknown[], instance: EngineInstance) => unknown;
  /** For runs that change to marked code and back. */
  readonly marking?: MarkingCode;
}

export interface Seen {
  /** Host calls with arguments and counter, slices, outcomes. */
  readonly log: string[];
  /** Size and CRC-32. */
  readonly memory: string;
  /** Places at which a capture was possible: host calls and slices. */
  readonly points: number;
  readonly captures: number;
  /** Pages that marked code has written without a note. */
  readonly unnoted: number;
}

/** How to go on: in a new instance, the same one, or the same one in marked code if it was not and the other way round. */
export type How = 'restore' | 'resume' | 'mark';

/** Whether to capture at the n-th point (from 0). */
export type When = (point: number) => How | undefined;

class Runner {
  readonly log: string[] = [];
  points = 0;
  captures = 0;
  private instance: EngineInstance;
  private how: How = 'resume';
  private watched: WatchedPages;

  constructor(
    private readonly guest: GuestRun,
    private readonly when: When,
  ) {
    this.instance = guest.prepared.instantiate(this.options());
    this.watched = new WatchedPages(this.instance);
  }

  run(): Seen {
    this.finish(this.instance.start());
    for (const [name, ...args] of this.guest.calls) this.finish(this.instance.call(name, args));
    const { captures, log, points } = this;
    const { unnoted } = this.watched;
    const bytes = this.instance.memory?.bytes ?? new Uint8Array(0);
    return { log, memory: `${bytes.length} bytes ${crc32(bytes)}`, points, captures, unnoted };
  }

  /** Goes on until the run has ended otherwise than by a capture. */
  private finish(first: Outcome): void {
    let outcome = first;
    while (outcome.kind === 'captured') {
      this.captures++;
      if (this.captures > 100_000) throw new Error('the guest does not get on');
      if (this.how === 'restore') {
        this.instance = this.guest.prepared.restore!(copyOf(this.instance.state!()), this.options());
        this.watched = new WatchedPages(this.instance);
      } else if (this.how === 'mark' && this.instance.beginMarking !== undefined) {
        this.watched.toggle(this.guest.marking!);
      }
      outcome = this.instance.resume!();
    }
    this.log.push(show(outcome));
  }

  private point(): void {
    this.watched.look();
    const how = this.when(this.points++);
    if (how === undefined) return;
    this.how = how;
    this.instance.requestCapture!();
  }

  private options(): InstanceOptions {
    return {
      imports: {
        resolve: (_module, name, type) =>
          ((...args: unknown[]) => {
            this.log.push(`${name}(${args.map(String).join()})`);
            const answer = this.guest.host?.(name, args, this.instance);
            this.point();
            return answer ?? type.results.map(answerOf)[0];
          }) as unknown as HostFunction,
      },
      limits: { ...DEFAULT_LIMITS, stackUnitsMax: 500 },
      sliceFuel: this.guest.sliceFuel,
      onSlice: (counter) => {
        this.log.push(`slice at ${counter}`);
        this.point();
      },
    };
  }
}

function answerOf(type: ValType): unknown {
  if (type === ValType.I64) return 7n;
  return type === ValType.FuncRef || type === ValType.ExternRef ? null : 7;
}

function show(outcome: Outcome): string {
  const values = outcome.kind === 'returned' ? ` ${outcome.values.map(String).join()}` : '';
  const trap =
    outcome.kind === 'trapped' ? ` ${outcome.trap} in function ${outcome.functionIndex} at ${outcome.offset}` : '';
  return `${outcome.kind} at ${outcome.counter}${values}${trap}`;
}

export function copyOf(state: EngineState): EngineState {
  // The memories first: cloning a view clones its whole buffer, which on the interpreter holds far more.
  return structuredClone({ ...state, memories: state.memories.map((bytes) => bytes.slice()) });
}

export function runGuest(guest: GuestRun, when: When = () => undefined): Seen {
  return new Runner(guest, when).run();
}
