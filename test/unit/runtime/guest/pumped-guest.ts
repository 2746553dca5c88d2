/** A guest run in this thread: where it would sleep, the next step of a script runs instead. */
import { CompiledEngine } from '../../../../src/engine/compiled/index.js';
import { DEFAULT_LIMITS, type PreparedModule } from '../../../../src/engine/engine.js';
import { ManualClock, SeededEntropy } from '../../../../src/host/memory.js';
import { ControlBlock } from '../../../../src/runtime/control.js';
import { type CaptureParts, GuestCapture } from '../../../../src/runtime/guest/capture.js';
import type { MarkingSource } from '../../../../src/runtime/guest/marking.js';
import type { GuestInit, GuestReport, Question, RunMode } from '../../../../src/runtime/guest/protocol.js';
import { Restoring } from '../../../../src/runtime/guest/restored.js';
import { FailedRun, GuestRun } from '../../../../src/runtime/guest/run.js';
import type { CaptureCost } from '../../../../src/runtime/ports.js';
import { createRing, RingReader } from '../../../../src/runtime/ring.js';
import { FromGuest, HeadWriter, MessageReader, ToGuest } from '../../../../src/runtime/ring-messages.js';
import { PumpedReader, PumpedWriter, RingFeed } from '../../../../src/runtime/simulate/pumped-ring.js';
import type { WasiConfig } from '../../../../src/wasi/config.js';
import { assemble } from '../../../support/wat.js';

const RING_BYTES = 8 << 20;

export interface Captured {
  readonly event: number;
  readonly counter: number;
  readonly cost: CaptureCost;
}

/** One step of the world, while the guest sleeps. */
export type Step = (guest: PumpedGuest) => void;

export interface PumpedOptions {
  readonly wasi?: WasiConfig;
  readonly sliceFuel?: number;
  readonly mayConnect?: boolean;
  readonly markingSource?: MarkingSource;
  /** See GuestInit.digestEvery. */
  readonly digestEvery?: number;
}

export class PumpedGuest {
  readonly pieces: Uint8Array[] = [];
  readonly batches: { readonly lastEvent: number; readonly bytes: Uint8Array }[] = [];
  readonly questions: (Question & { readonly ticket: number })[] = [];
  captured: Captured | undefined;
  failure: string | undefined;
  isComplete = false;
  report: GuestReport | undefined;
  stdout = '';
  /** Bytes of state for which credit may be given; it is, as they come. */
  creditMax = Number.POSITIVE_INFINITY;
  #credited = 0;
  readonly control = new ControlBlock();
  readonly clock = new ManualClock();
  readonly #init: GuestInit;
  readonly #feed: RingFeed;
  readonly #reader: RingReader;
  readonly #rings;
  readonly #head = new HeadWriter();
  readonly #message = new MessageReader();
  #script: Step[] = [];

  constructor(
    readonly prepared: PreparedModule,
    private readonly options: PumpedOptions = {},
  ) {
    const [toGuest, fromGuest] = [createRing(RING_BYTES), createRing(RING_BYTES)];
    this.#feed = new RingFeed(toGuest);
    this.#reader = new RingReader(fromGuest);
    this.#rings = {
      toGuest: new PumpedReader(toGuest, () => this.#step()),
      fromGuest: new PumpedWriter(fromGuest, () => this.pump()),
    };
    this.#init = {
      ...{ toGuest, fromGuest, control: this.control.buffer, module: new Uint8Array(0), engine: 'compiled' },
      ...{
        limits: DEFAULT_LIMITS,
        wasi: options.wasi ?? {},
        logging: true,
        mayBeCaptured: true,
        sliceFuel: options.sliceFuel ?? 1_000_000,
      },
      ...(options.digestEvery === undefined ? {} : { digestEvery: options.digestEvery }),
      ...(options.mayConnect === undefined ? {} : { mayConnect: options.mayConnect }),
    };
  }

  /** Runs the guest to its end; `script` has a step for each time it sleeps, and the guest is stopped behind the last. */
  run(mode: RunMode, script: Step[], pieces: readonly Uint8Array[] = []): this {
    this.#script = script;
    const header = { moduleHash: this.prepared.hash, rewriterVersion: '1', manifest: { arguments: '[]' } };
    const { markingSource } = this.options;
    const world = {
      clock: this.clock,
      entropy: new SeededEntropy(3),
      rings: this.#rings,
      captures: (parts: CaptureParts) => new GuestCapture(parts),
      ...(markingSource && { markingSource }),
    };
    const restoring = new Restoring();
    for (const piece of pieces) restoring.push(piece);
    try {
      const restored = restoring.isEmpty ? {} : { restored: restoring.finish(header, this.prepared) };
      new GuestRun(this.#init, world, this.prepared, { mode, header, ...restored }).run();
    } catch (error) {
      new FailedRun(this.#init, world, error).run();
    }
    this.pump();
    return this;
  }

  stdin(text: string): void {
    this.#send(ToGuest.Stdin, new TextEncoder().encode(text));
  }

  batch(bytes: Uint8Array): void {
    this.#send(ToGuest.Batch, bytes);
  }

  goLive(): void {
    this.#send(ToGuest.GoLive);
  }

  open(stream: number): void {
    this.#feed.send(this.#head.one(ToGuest.Open, stream, 0, 0));
  }

  data(stream: number, text: string): void {
    this.#feed.send(this.#head.one(ToGuest.Data, stream), new TextEncoder().encode(text));
  }

  answer(ticket: number, answer: object): void {
    this.#feed.send(this.#head.one(ToGuest.Answer, ticket), new TextEncoder().encode(JSON.stringify(answer)));
  }

  /** Carries messages both ways; false if there was none. */
  pump(): boolean {
    const fed = this.#feed.flush();
    return this.#reader.drain((bytes) => this.#take(this.#message.load(bytes))) > 0 || fed;
  }

  #send(kind: number, body?: Uint8Array): void {
    this.#feed.send(this.#head.plain(kind), body);
  }

  #step(): void {
    if (this.pump()) return this.#giveCredit();
    const step = this.#script.shift();
    if (step === undefined) this.control.stop();
    else step(this);
    this.pump();
    this.#giveCredit();
  }

  /** Bytes of state that have come. */
  get stateBytes(): number {
    return this.pieces.reduce((sum, { length }) => sum + length, 0);
  }

  #giveCredit(): void {
    const due = Math.min(this.creditMax, this.stateBytes);
    if (due > this.#credited) this.control.addStateCredit(due - this.#credited);
    this.#credited = Math.max(due, this.#credited);
  }

  #take(message: MessageReader): undefined {
    const text = (fields: 0 | 1 | 2) => new TextDecoder().decode(message.bytes(fields).slice());
    switch (message.kind) {
      case FromGuest.Batch:
        this.batches.push({ lastEvent: message.f64(1), bytes: message.bytes(3).slice() });
        break;
      case FromGuest.Stdio:
        this.stdout += text(1);
        break;
      case FromGuest.Ask:
        this.questions.push({ ticket: message.f64(0), ...(JSON.parse(text(1)) as Question) });
        break;
      case FromGuest.State:
        this.pieces.push(message.bytes(0).slice());
        this.isComplete = message.small === 1;
        break;
      case FromGuest.Captured:
        this.captured = { event: message.f64(0), counter: message.f64(1), cost: JSON.parse(text(2)) as CaptureCost };
        break;
      case FromGuest.CaptureFailed:
        this.failure = text(0);
        break;
      case FromGuest.Report:
        this.report = JSON.parse(text(0)) as GuestReport;
        break;
    }
  }
}

/** What a guest of that text did from event `from` on, in another guest; its pieces are those of a capture. */
export function follow(first: PumpedGuest, from: number, options: PumpedOptions = {}): PumpedGuest {
  const rest = first.batches.filter(({ lastEvent }) => lastEvent > from);
  const second = new PumpedGuest(first.prepared, options);
  for (const { bytes } of rest) second.batch(bytes);
  return second.run('replay', [], first.pieces);
}

export async function prepareText(text: string): Promise<PreparedModule> {
  return new CompiledEngine().prepare(await assemble('pumped', text));
}
