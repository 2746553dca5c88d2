/**
 * One gateway's connection to a replica: takes its records, writes the answers. All state that must outlive the
 * connection is in {@link ReplicaPort}. Pure.
 */
import { ChannelError } from '../errors.js';
import type { StreamId } from '../host/services.js';
import { INPUT_WINDOW_BYTES } from './client-stream.js';
import { RecordBatch, type RecordSink } from './record-batch.js';
import {
  type AttachRequest,
  GATEWAY_PROTOCOL_VERSION,
  GATEWAY_WAIT_MS,
  jsonBytes,
  RecordKind,
  readJson,
  readRecords,
  type StreamRecord,
} from './records.js';
import { ABSENCE_GRACE_MS, type OutputLink, type ReplicaPort } from './replica-port.js';
import { gatewayOf, isGatewayNumber } from './stream-id.js';

/** Where a link's frames go. */
export interface LinkSink extends RecordSink {
  /** Ends the connection after what was sent. */
  close(): void;
  /** Hands what was sent to the operating system now. */
  flush?(): void;
}

/** How far one stream's output has been sent on a connection. */
interface Outflow {
  sent: number;
  endSent: boolean;
}

/** Input of one stream that may come beyond what was accepted: more than any gateway's own window. */
const UNACCEPTED_BYTES_MAX = 4 * INPUT_WINDOW_BYTES;

export class GatewayLink implements OutputLink {
  readonly #port: ReplicaPort;
  readonly #sink: LinkSink;
  readonly #records: RecordBatch;
  /**
   * waiting: the gateway has asked, and is told as soon as this replica is live. offered: it was told that it is served here
   * and has not said yet that it will be.
   */
  #stage: 'new' | 'waiting' | 'offered' | 'attached' = 'new';
  #stopWaiting: () => void = () => {};
  /** Numbers of the gateway: its current one, and older ones of streams that still live. */
  readonly #numbers = new Set<number>();
  /** Streams that the gateway has named since it attached; undefined once it has named them all. */
  #named: Set<StreamId> | undefined;
  /** Streams of which the gateway was told where their input goes on before it has named them. */
  readonly #offered = new Set<StreamId>();
  /** Streams that this connection carries: opened on it, or resumed. Others wait until both sides know where they are. */
  readonly #carried = new Map<StreamId, Outflow>();
  /** Streams with output that waits until the connection takes more, oldest first. */
  readonly #backlog = new Set<StreamId>();
  readonly #take = (record: StreamRecord): void => this.#receive(record);

  /** How long the gateway may stay away once this connection is gone, in ms. */
  absentMs = GATEWAY_WAIT_MS + ABSENCE_GRACE_MS;

  /** Hand the connection's frames to {@link frame}; call {@link down} when it ends. */
  constructor(port: ReplicaPort, sink: LinkSink) {
    this.#port = port;
    this.#sink = sink;
    this.#records = new RecordBatch(sink);
  }

  /** Takes one frame. @throws ChannelError FTW_FRAME for anything a gateway would not send. */
  frame(payload: Uint8Array): void {
    readRecords(payload, this.#take);
  }

  /** The connection has ended; the gateway's streams wait for it until `untilMs`. */
  down(untilMs: number): void {
    this.#stopWaiting();
    if (this.#stage === 'attached') this.#port.detach(this, untilMs);
  }

  /** The connection takes bulk data again. */
  drained(): void {
    for (const stream of this.#backlog) {
      if (this.#records.congested) return;
      this.#backlog.delete(stream);
      this.#flow(stream);
    }
  }

  /** Another connection of the same gateway has replaced this one. */
  cut(): void {
    this.#stage = 'new';
    this.#carried.clear();
    this.#sink.close();
  }

  data(stream: StreamId, offset: number, bytes: Uint8Array): void {
    const flow = this.#carried.get(stream);
    if (flow === undefined) return;
    if (flow.sent !== offset || this.#records.congested) return this.#flow(stream);
    flow.sent = offset + bytes.length;
    this.#records.add(RecordKind.Data, stream, offset, bytes);
  }

  end(stream: StreamId): void {
    this.#flow(stream);
  }

  accepted(stream: StreamId, offset: number): void {
    if (this.#carried.has(stream)) this.#records.add(RecordKind.Accepted, stream, offset);
  }

  #receive(record: StreamRecord): void {
    if (this.#stage === 'new' || this.#stage === 'waiting') return this.#attach(record);
    // A question that was asked anew has crossed the answer to the first.
    if (record.kind === RecordKind.Attach && this.#stage === 'offered') return;
    if (this.#stage === 'offered') this.#takeOver();
    if (record.kind === RecordKind.HaveEnd) this.#resetUnnamed();
    else this.#receiveOf(record);
  }

  #receiveOf(record: StreamRecord): void {
    const { kind, stream, value } = record;
    if (!this.#carries(record)) return;
    switch (kind) {
      case RecordKind.Data:
        return this.#input(stream, value, record.bytes);
      case RecordKind.Delivered:
        return this.#port.delivered(stream, value);
      case RecordKind.Open:
        return this.#openNew(stream, value);
      case RecordKind.End:
        return this.#port.guest.eof(stream);
      case RecordKind.Reset:
        this.#port.guest.reset(stream);
        return this.#forget(stream);
      case RecordKind.Gone:
        return this.#forget(stream);
      case RecordKind.Have:
        return this.#have(record);
      default:
        throw misuse(`a gateway does not send records of kind ${kind}`, { kind });
    }
  }

  /** A gateway speaks of its own streams only. One that came back names those of its earlier numbers first. */
  #carries({ kind, stream }: StreamRecord): boolean {
    const number = gatewayOf(stream);
    if (number === undefined) throw misuse(`${stream} is not a stream of a gateway`, { stream });
    if (this.#numbers.has(number)) return true;
    if (this.#port.isGivenUp(number)) {
      // It has another number now; the guest was told that its old streams are broken.
      if (kind === RecordKind.Have) this.#records.add(RecordKind.Reset, stream, 0);
      return false;
    }
    if (kind !== RecordKind.Have) throw misuse(`stream ${stream} belongs to another gateway`, { stream });
    this.#numbers.add(number);
    this.#port.attach(this, number);
    return true;
  }

  #attach(record: StreamRecord): void {
    if (record.kind !== RecordKind.Attach) {
      throw misuse('the first record must be an attach', { kind: record.kind });
    }
    const request = readJson(record) as Partial<AttachRequest>;
    const known = request.gateway ?? 0;
    if (known !== 0 && !isGatewayNumber(known)) throw misuse(`'${known}' is not a gateway's number`, {});
    this.#stopWaiting();
    const refusal = this.#refusal(record.value, request);
    if (refusal !== undefined) return this.#refuse(refusal);
    if (!this.#port.live) return this.#wait(record);
    const { waitMs = GATEWAY_WAIT_MS } = request;
    if (!(waitMs >= 0 && waitMs < Number.MAX_SAFE_INTEGER)) throw misuse(`'${waitMs}' is not a time to wait`, {});
    this.absentMs = Math.ceil(waitMs) + ABSENCE_GRACE_MS;
    const gateway = this.#port.numberOf(known);
    if (gateway === undefined) return this.#refuse('all numbers for gateways of this epoch are used up; switch over');
    this.#numbers.add(gateway);
    this.#stage = 'offered';
    this.#records.add(RecordKind.Attached, 0, this.#port.epoch, jsonBytes({ gateway }));
    this.#offer(gateway);
  }

  /** Every stream is resumed once the gateway has named it; said ahead, that saves its client a round trip. */
  #offer(gateway: number): void {
    for (const stream of this.#port.streamsOf(gateway)) {
      const { finished, ended, inputNext } = this.#port.stream(stream);
      if (finished || ended === 'close') continue;
      this.#offered.add(stream);
      this.#records.add(RecordKind.Resume, stream, inputNext);
    }
  }

  #refuse(reason: string): void {
    this.#sayNotLive(reason);
    this.#sink.close();
  }

  /** A failover should not wait for gateways to ask again. */
  #wait(record: StreamRecord): void {
    this.#stage = 'waiting';
    this.#stopWaiting = this.#port.whenLive(() => {
      this.#attach(record);
      // Clients have waited for this: it goes ahead of everything else that a replica does as it goes live.
      this.#records.flush();
      this.#sink.flush?.();
    });
    this.#sayNotLive('this replica is not live');
  }

  #sayNotLive(reason: string): void {
    this.#records.add(RecordKind.NotLive, 0, this.#port.epoch, new TextEncoder().encode(reason));
    this.#records.flush();
  }

  /** The gateway goes on here. One that has found another way to this replica at the same time never says so. */
  #takeOver(): void {
    this.#stage = 'attached';
    this.#named = new Set();
    this.#port.absentMs = Math.max(this.#port.absentMs, this.absentMs);
    for (const number of this.#numbers) this.#port.attach(this, number);
  }

  #refusal(version: number, request: Partial<AttachRequest>): string | undefined {
    if (version !== GATEWAY_PROTOCOL_VERSION) {
      return `gateway protocol ${version} is not spoken here; this replica speaks ${GATEWAY_PROTOCOL_VERSION}`;
    }
    if (request.service !== undefined && request.service !== '' && request.service !== this.#port.service) {
      return `this replica serves '${this.#port.service}', not '${request.service}'`;
    }
    if (this.#port.live && (request.epoch ?? 0) > this.#port.epoch) {
      return `this replica has epoch ${this.#port.epoch}; the gateway has seen ${request.epoch}`;
    }
    if ((request.listeners ?? 0) > this.#port.listeners) {
      return `the gateway listens on ${request.listeners} addresses; the guest here has ${this.#port.listeners}`;
    }
    return undefined;
  }

  /** A stream from before this connection: both sides say where they are and the rest is sent again. */
  #have({ stream, value, bytes }: StreamRecord): void {
    if (bytes.length !== 4) throw misuse(`a stream's listener takes 4 bytes, not ${bytes.length}`, { stream });
    if (this.#named === undefined) throw misuse(`stream ${stream} is named after the last one`, { stream });
    this.#named.add(stream);
    const state = this.#port.streams.get(stream);
    if (state === undefined) {
      // The guest never accepted it in the acknowledged log: to this replica it is a new client.
      if (value > 0) return this.#records.add(RecordKind.Reset, stream, 0);
      this.#open(stream, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true));
      return this.#records.add(RecordKind.Resume, stream, 0);
    }
    if (state.finished || value < state.output.start) return this.#records.add(RecordKind.Reset, stream, 0);
    // A replica whose replay is behind what its predecessor sent continues with bytes that the gateway suppresses.
    this.#carried.set(stream, { sent: Math.min(value, state.output.end), endSent: false });
    // What was accepted while no link was up, or by the predecessor.
    if (state.accepted > 0) this.#records.add(RecordKind.Accepted, stream, state.accepted);
    // A guest that has closed the stream wants no more input, and its input offset is not known here any more.
    if (state.ended !== 'close' && !this.#offered.delete(stream)) {
      this.#records.add(RecordKind.Resume, stream, state.inputNext);
    }
    this.#flow(stream);
  }

  /** Sends what of the stream's output has not been sent yet, or remembers to do so once the connection takes it. */
  #flow(stream: StreamId): void {
    const flow = this.#carried.get(stream);
    const state = this.#port.streams.get(stream);
    if (flow === undefined || state === undefined) return;
    if (this.#records.congested) {
      this.#backlog.add(stream);
      return;
    }
    const { output, ended } = state;
    if (flow.sent < output.end) {
      output.from(flow.sent, (chunk, offset) => this.#records.add(RecordKind.Data, stream, offset, chunk));
      flow.sent = output.end;
    }
    if (ended === 'end' && !flow.endSent) {
      flow.endSent = true;
      this.#records.add(RecordKind.End, stream, output.end);
    } else if (ended === 'close') {
      this.#carried.delete(stream);
      this.#records.add(RecordKind.Close, stream, output.end);
    }
  }

  /** Streams that this replica knows and the gateway does not: their clients went away while no link was up. */
  #resetUnnamed(): void {
    const named = this.#named;
    this.#named = undefined;
    if (named === undefined) return;
    for (const number of this.#numbers) {
      for (const stream of [...this.#port.streamsOf(number)]) {
        if (named.has(stream)) continue;
        this.#port.guest.reset(stream);
        this.#port.forget(stream);
      }
    }
  }

  #openNew(stream: StreamId, listener: number): void {
    if (this.#port.streams.has(stream)) throw misuse(`stream ${stream} is opened twice`, { stream });
    this.#open(stream, listener);
  }

  #open(stream: StreamId, listener: number): void {
    if (listener >= this.#port.listeners) throw misuse(`there is no listener ${listener}`, { stream, listener });
    this.#carried.set(stream, { sent: 0, endSent: false });
    this.#port.stream(stream);
    this.#port.guest.open(stream, listener);
  }

  #forget(stream: StreamId): void {
    this.#carried.delete(stream);
    this.#backlog.delete(stream);
    this.#port.forget(stream);
  }

  #input(stream: StreamId, offset: number, bytes: Uint8Array): void {
    const state = this.#port.streams.get(stream);
    if (state === undefined || state.finished) return;
    const known = state.inputNext - offset;
    if (known < 0) {
      const what = `input of stream ${stream} continues at ${offset}, but ${state.inputNext} was expected`;
      throw misuse(what, { stream, offset, expected: state.inputNext });
    }
    if (known >= bytes.length) return;
    state.inputNext = offset + bytes.length;
    if (state.inputNext - state.accepted > UNACCEPTED_BYTES_MAX) {
      throw misuse(`stream ${stream} sends on although its guest does not read`, { stream, offset });
    }
    this.#port.guest.data(stream, known === 0 ? bytes : bytes.subarray(known));
  }
}

/** What no gateway does: the connection is dropped. */
function misuse(what: string, details: Readonly<Record<string, number>>): ChannelError {
  return new ChannelError('FTW_FRAME', `gateway link: ${what}`, details);
}
