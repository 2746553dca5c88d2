/**
 * Runs a command in this process, live with a log or from a log: engine, WASI and session as a replica wires them, with the
 * host replaced. The replay's host refuses everything: what it would answer must not matter.
 */
import { DEFAULT_LIMITS, type EngineLimits, type Outcome, type PreparedModule } from '../../src/engine/engine.js';
import { ManualClock, MemoryInput, MemoryNetwork, OpenBarrier, SeededEntropy } from '../../src/host/memory.js';
import type { HostServices, OutputSink } from '../../src/host/services.js';
import { decodeBatch, encodeBatch } from '../../src/log/codec.js';
import type { Entry } from '../../src/log/entry.js';
import { type LogSource, Session } from '../../src/record/session.js';
import type { WasiConfig } from '../../src/wasi/config.js';
import { createWasi } from '../../src/wasi/wasi.js';

export interface RunOptions {
  readonly config?: WasiConfig;
  readonly limits?: EngineLimits;
  readonly stdin?: string;
  /** Of the live host's entropy; another seed is another run. */
  readonly seed?: number;
  readonly sliceFuel?: number;
  readonly fuelMax?: number;
}

/** Everything in which a replay must equal its recording. */
export interface RunResult {
  readonly outcome: Outcome;
  readonly stdout: string;
  readonly stderr: string;
  readonly digest: string;
  readonly events: number;
  readonly hostCalls: number;
}

export interface Recording extends RunResult {
  /** Packed batches, as they would stand in a file. */
  readonly batches: readonly Uint8Array[];
}

/** A host whose time runs unevenly: every look at a clock moves it. */
function liveHost(options: RunOptions, output: OutputSink): HostServices {
  const clock = new ManualClock();
  const stdin = new MemoryInput(options.stdin);
  stdin.closed = true;
  let looks = 0;
  const later = () => {
    clock.advance(BigInt(1_000 + ((++looks * 7919) % 5_000)));
    return clock;
  };
  return {
    clock: {
      realtimeNs: () => later().realtimeNs(),
      monotonicNs: () => later().monotonicNs(),
    },
    entropy: new SeededEntropy(options.seed ?? 1),
    network: new MemoryNetwork(options.config?.listeners ?? 0),
    stdin,
    waiter: {
      wait(deadlineNs) {
        if (deadlineNs === undefined) throw new Error('the guest waits for something that never comes');
        clock.advance(deadlineNs - clock.monotonicNs());
      },
    },
    output,
    barrier: new OpenBarrier(),
  };
}

function refuse(what: string): never {
  throw new Error(`a replay asked its host for ${what}`);
}

function replayHost(output: OutputSink): HostServices {
  return {
    clock: { realtimeNs: () => refuse('the time'), monotonicNs: () => refuse('the time') },
    entropy: { bytes: () => refuse('entropy') },
    network: new MemoryNetwork(0),
    stdin: { read: () => refuse('standard input') },
    waiter: { wait: () => refuse('a wait') },
    output,
    barrier: { waitReleased: () => refuse('a wait') },
  };
}

class TextOutput implements OutputSink {
  readonly text: Record<1 | 2, string> = { 1: '', 2: '' };

  stdio(fd: 1 | 2, bytes: Uint8Array): void {
    this.text[fd] += Buffer.from(bytes).toString('latin1');
  }
  send(): void {
    refuse('a connection');
  }
  shutdown(): void {
    refuse('a connection');
  }
  close(): void {
    refuse('a connection');
  }
}

function execute(prepared: PreparedModule, options: RunOptions, host: HostServices, session: Session): RunResult {
  const wasi = createWasi(options.config ?? {}, host, session);
  const instance = prepared.instantiate({
    imports: wasi.imports,
    limits: options.limits ?? DEFAULT_LIMITS,
    sliceFuel: options.sliceFuel ?? 1_000_000,
    ...(options.fuelMax === undefined ? {} : { fuelMax: options.fuelMax }),
  });
  wasi.bindMemory(() => instance.memory);
  const started = instance.start();
  const outcome = started.kind === 'returned' ? instance.call('_start', []) : started;
  const { text } = host.output as TextOutput;
  const { event: events, hostCalls } = session;
  return { outcome, stdout: text[1], stderr: text[2], digest: session.digest.hex(), events, hostCalls };
}

const BATCH_ENTRIES = 100;

function pack(entries: readonly Entry[]): Uint8Array[] {
  const batches: Uint8Array[] = [];
  for (let at = 0; at < entries.length; at += BATCH_ENTRIES) {
    const batch = entries.slice(at, at + BATCH_ENTRIES);
    batches.push(encodeBatch(at + 1, batch[0]!.counter, batch));
  }
  return batches;
}

/** Runs `_start` live and keeps its log. */
export function recordRun(prepared: PreparedModule, options: RunOptions = {}): Recording {
  const entries: Entry[] = [];
  const session = new Session({ sink: { append: (entry) => entries.push(entry) } });
  const result = execute(prepared, options, liveHost(options, new TextOutput()), session);
  return { ...result, batches: pack(entries) };
}

function sourceOf(batches: readonly Uint8Array[]): LogSource & { readonly left: number } {
  const entries = batches.flatMap((batch) => [...decodeBatch(batch).entries]);
  return {
    next: () => entries.shift() ?? refuse('an entry behind the last one'),
    get left() {
      return entries.length;
    },
  };
}

/** Runs `_start` again from its log. @throws DivergenceError; Error when the guest did not consume the whole log */
export function replayRun(prepared: PreparedModule, options: RunOptions, batches: readonly Uint8Array[]): RunResult {
  const source = sourceOf(batches);
  const session = new Session({ sink: { append: () => refuse('a new entry') }, source });
  const result = execute(prepared, options, replayHost(new TextOutput()), session);
  if (source.left > 0) throw new Error(`the replay ended ${source.left} entries before its recording`);
  return result;
}
