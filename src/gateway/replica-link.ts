/**
 * One gateway's connection to a replica: takes its records, writes the answers. All state that must outlive the
 * connection is in {@link ReplicaPort}. Pure.
 */
import { ChannelError } from '../errors.js';
import type { StreamId } from '../host/services.js';
import { RecordBatch, type RecordSink } from './record-batch.js';
import {
  type AttachRequest,
  GATEWAY_PROTOCOL_VERSION,
  jsonBytes,
  RecordKind,
  readJson,
  readRecords,
  type StreamRecord,
} from './records.js';
import type { OutputLink, ReplicaPort } from './replica-port.js';
import { gatewayOf } from './stream-id.js';

/** Where a link's frames go. */
export interface LinkSink extends RecordSink {
  /** Ends the connection after what was sent. */
  close(): void;
}

export class GatewayLink implements OutputLink {
  readonly #port: ReplicaPort;
  readonly #sink: LinkSink;
  readonly #records: RecordBatch;
  #attached = false;
  #gateway = 0;
  /** Streams that the gateway has named since it attached; undefined once it has named them all. */
  #named: Set<StreamId> | undefined;
  /** Streams that this connection carries: opened on it, or resumed. Others wait until both sides know where they are. */
  readonly #carried = new Set<StreamId>();
  readonly #take = (record: StreamRecord): void => this.#receive(record);

  /** Hand the connection's frames to {@link frame}; call {@link down} when it ends. */
  constructor(port: ReplicaPort, sink: LinkSink) {
    this.#port = port;
    this.#sink = sink;
    this.#records = new RecordBatch(sink);
  }

  /** Number of the gateway; 0 before it has attached. */
  get gateway(): number {
    return this.#gateway;
  }

  /** Takes one frame. @throws ChannelError FTW_FRAME for anything a gateway would not send. */
  frame(payload: Uint8Array): void {
    readRecords(payload, this.#take);
  }

  /** The connection has ended; the gateway's streams wait for it until `untilMs`. */
  down(untilMs: number): void {
    if (this.#attached) this.#port.detach(this, untilMs);
  }

  /** Another connection of the same gateway has replaced this one. */
  cut(): void {
    this.#attached = false;
    this.#sink.close();
  }

  data(stream: StreamId, offset: number, bytes: Uint8Array): void {
    if (this.#carried.has(stream)) this.#records.add(RecordKind.Data, stream, offset, bytes);
  }

  end(stream: StreamId, how: 'end' | 'close', offset: number): void {
    if (!this.#carried.has(stream)) return;
    if (how === 'close') this.#carried.delete(stream);
    this.#records.add(how === 'end' ? RecordKind.End : RecordKind.Close, stream, offset);
  }

  accepted(stream: StreamId, offset: number): void {
    if (this.#carried.has(stream)) this.#records.add(RecordKind.Accepted, stream, offset);
  }

  #receive(record: StreamRecord): void {
    if (!this.#attached) return this.#attach(record);
    const { kind, stream, value } = record;
    switch (kind) {
      case RecordKind.Data:
        return this.#input(stream, value, record.bytes);
      case RecordKind.Delivered: {
        const bytes = this.#port.delivered(stream, value);
        if (bytes > 0) this.#port.guest.credit(stream, bytes);
        return;
      }
      case RecordKind.Open:
        return this.#open(stream, value);
      case RecordKind.End:
        return this.#port.guest.eof(stream);
      case RecordKind.Reset:
        this.#port.guest.reset(stream);
        return this.#forget(stream);
      case RecordKind.Gone:
        return this.#forget(stream);
      case RecordKind.Have:
        return this.#have(record);
      case RecordKind.HaveEnd:
        return this.#resetUnnamed();
      default:
        throw new ChannelError('FTW_FRAME', `gateway link: a gateway does not send records of kind ${kind}`, { kind });
    }
  }

  #attach(record: StreamRecord): void {
    if (record.kind !== RecordKind.Attach) {
      throw new ChannelError('FTW_FRAME', 'gateway link: the first record must be an attach', { kind: record.kind });
    }
    const request = readJson(record) as Partial<AttachRequest>;
    const refusal = this.#refusal(record.value, request);
    if (refusal !== undefined) {
      this.#records.add(RecordKind.NotLive, 0, this.#port.epoch, new TextEncoder().encode(refusal));
      this.#records.flush();
      this.#sink.close();
      return;
    }
    this.#attached = true;
    this.#named = new Set();
    this.#gateway = this.#port.attach(this, request.gateway ?? 0);
    this.#records.add(RecordKind.Attached, 0, this.#port.epoch, jsonBytes({ gateway: this.#gateway }));
  }

  #refusal(version: number, request: Partial<AttachRequest>): string | undefined {
    if (version !== GATEWAY_PROTOCOL_VERSION) {
      return `gateway protocol ${version} is not spoken here; this replica speaks ${GATEWAY_PROTOCOL_VERSION}`;
    }
    if (!this.#port.live) return 'this replica is not live';
    if (request.service !== undefined && request.service !== '' && request.service !== this.#port.service) {
      return `this replica serves '${this.#port.service}', not '${request.service}'`;
    }
    if ((request.epoch ?? 0) > this.#port.epoch) {
      return `this replica has epoch ${this.#port.epoch}; the gateway has seen ${request.epoch}`;
    }
    return undefined;
  }

  /** A stream from before this connection: both sides say where they are and the rest is sent again. */
  #have({ stream, value, bytes }: StreamRecord): void {
    this.#named?.add(stream);
    // A gateway that was given up has another number now; the guest was told that its old streams are broken.
    if (gatewayOf(stream) !== this.#gateway) return this.#records.add(RecordKind.Reset, stream, 0);
    const state = this.#port.streams.get(stream);
    if (state === undefined) {
      // The guest never accepted it in the acknowledged log: to this replica it is a new client.
      if (value > 0) return this.#records.add(RecordKind.Reset, stream, 0);
      this.#open(stream, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true));
      return this.#records.add(RecordKind.Resume, stream, 0);
    }
    if (state.finished || value < state.output.start) return this.#records.add(RecordKind.Reset, stream, 0);
    this.#carried.add(stream);
    // A guest that has closed the stream wants no more input, and its input offset is not known here any more.
    if (state.ended !== 'close') this.#records.add(RecordKind.Resume, stream, state.inputNext);
    // Acceptances may have been lost with the last link; a gateway whose window is full waits for them.
    if (state.accepted > 0) this.#records.add(RecordKind.Accepted, stream, state.accepted);
    // A replica whose replay is behind what its predecessor sent continues with bytes that the gateway suppresses.
    if (value < state.output.end) state.output.from(value, (chunk, offset) => this.data(stream, offset, chunk));
    if (state.ended !== 'no') this.end(stream, state.ended, state.output.end);
  }

  /** Streams that this replica knows and the gateway does not: their clients went away while no link was up. */
  #resetUnnamed(): void {
    const named = this.#named;
    this.#named = undefined;
    for (const stream of [...this.#port.streamsOf(this.#gateway)]) {
      if (named?.has(stream)) continue;
      this.#port.guest.reset(stream);
      this.#port.forget(stream);
    }
  }

  #open(stream: StreamId, listener: number): void {
    this.#carried.add(stream);
    this.#port.stream(stream);
    this.#port.guest.open(stream, listener);
  }

  #forget(stream: StreamId): void {
    this.#carried.delete(stream);
    this.#port.forget(stream);
  }

  #input(stream: StreamId, offset: number, bytes: Uint8Array): void {
    const state = this.#port.streams.get(stream);
    if (state === undefined || state.finished) return;
    const known = state.inputNext - offset;
    if (known < 0) {
      const what = `input of stream ${stream} continues at ${offset}, but ${state.inputNext} was expected`;
      throw new ChannelError('FTW_FRAME', `gateway link: ${what}`, { stream, offset, expected: state.inputNext });
    }
    if (known >= bytes.length) return;
    state.inputNext = offset + bytes.length;
    this.#port.guest.data(stream, bytes.subarray(known));
  }
}
