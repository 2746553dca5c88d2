/** A guest is given what was found on disk: its state, the log behind it, and the word to go live. */
import type { Recovered, RecoveredItem } from '../durable/index.js';
import { RecordKind, RecordWriter } from '../gateway/records.js';
import type { AdoptedStream, ReplicaPort } from '../gateway/replica-port.js';
import { gatewayOf } from '../gateway/stream-id.js';
import type { StreamId } from '../host/services.js';
import { takeProgressPayload } from './gateway-links.js';
import type { OutputGate } from './output-gate.js';
import { importOutputs } from './outputs-section.js';
import type { EventListener, GuestControl, Timers } from './ports.js';

export interface RecoveryParts {
  readonly recovered: Recovered;
  /** What there is, in order. */
  readonly items: () => AsyncIterable<RecoveredItem>;
  readonly guest: GuestControl;
  readonly port: ReplicaPort;
  readonly gate: OutputGate;
  readonly timers: Timers;
  readonly onEvent: EventListener;
}

/** The guest is given no more than it has taken plus this. */
const UNDER_WAY_BYTES_MAX = 16 << 20;
const WAIT_MS = 5;
const REPORT_MS = 1_000;

export class Recovery {
  readonly #parts: RecoveryParts;
  #started = false;
  #stopped = false;
  /** Clients may have seen more than was found. */
  lacksEnd = false;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** Nobody waits for it any more. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Resolves when the guest has been given everything. `endKnown`: it was the live replica that has written it. Rejects when
   * the files have changed since they were looked through.
   */
  async begin(endKnown: boolean): Promise<void> {
    const { recovered, gate, onEvent } = this.#parts;
    const { event, logBytes, snapshot, leftEvent } = recovered;
    const complete = endKnown && !recovered.doubt;
    this.lacksEnd = !complete;
    onEvent('recovering', 'info', { lastEvent: event, snapshotEvent: snapshot?.event ?? 0, logBytes, complete });
    // What had left must not leave again; what gateways may ask for is kept.
    gate.trim(leftEvent);
    const feed = new Feed(event, this.#parts);
    for await (const item of this.#parts.items()) {
      if (this.#stopped) return;
      this.#give(item);
      if (item.kind !== 'batch') continue;
      for (feed.given(item.lastEvent, item.bytes.length); feed.isFull && !this.#stopped; feed.settle()) {
        await new Promise<void>((resolve) => this.#parts.timers.after(WAIT_MS, resolve));
      }
    }
    this.#start();
  }

  #give(item: RecoveredItem): void {
    const { guest, port, gate } = this.#parts;
    switch (item.kind) {
      case 'piece':
        return guest.restore(item.bytes);
      case 'outputs':
        return importOutputs(item.bytes, port, gate);
      case 'progress':
        return takeProgressPayload(port, item.bytes);
      case 'batch':
        this.#start();
        return guest.batch(item.bytes);
    }
  }

  #start(): void {
    if (!this.#started) this.#parts.guest.start('replay');
    this.#started = true;
  }
}

/** Counts what the guest has been given and not executed. */
class Feed {
  readonly #underWay: { readonly event: number; readonly bytes: number }[] = [];
  #bytes = 0;
  #reportedMs: number;

  constructor(
    private readonly lastEvent: number,
    private readonly parts: RecoveryParts,
  ) {
    this.#reportedMs = parts.timers.now();
  }

  get isFull(): boolean {
    return this.#bytes > UNDER_WAY_BYTES_MAX;
  }

  given(event: number, bytes: number): void {
    this.#underWay.push({ event, bytes });
    this.#bytes += bytes;
    this.settle();
  }

  /** Looks how far the guest has come. */
  settle(): void {
    const { guest, timers, onEvent } = this.parts;
    const executed = guest.executed.event;
    let count = 0;
    while (count < this.#underWay.length && this.#underWay[count]!.event <= executed) {
      this.#bytes -= this.#underWay[count++]!.bytes;
    }
    this.#underWay.splice(0, count);
    if (timers.now() - this.#reportedMs < REPORT_MS) return;
    this.#reportedMs = timers.now();
    onEvent('recovery-progress', 'info', { executedEvent: executed, lastEvent: this.lastEvent });
  }
}

/**
 * The log lacks an end that clients may have seen: their connections of before cannot be continued. `serve` begins to
 * serve gateways; they learn from it that those connections are broken. Returns what whoever recovers next should know.
 */
export function abandonStreams(port: ReplicaPort, adopted: readonly AdoptedStream[], serve: () => void): Uint8Array {
  const streams = new Set<StreamId>(port.streams.keys());
  for (const { stream } of adopted) streams.add(stream);
  const carried = [...streams].filter((stream) => gatewayOf(stream) !== undefined);
  const gateways = new Set(carried.map((stream) => gatewayOf(stream)!));
  const progress = new RecordWriter();
  for (const gateway of gateways) {
    port.giveUp(gateway);
    progress.add(RecordKind.GivenUp, 0, gateway);
  }
  serve();
  for (const stream of carried) {
    port.forget(stream);
    port.guest.reset(stream);
  }
  return progress.take();
}
