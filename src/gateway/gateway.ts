/**
 * The gateway: terminates clients' connections and carries them, over one link, to whichever replica is live. Its link
 * may break and come up again, to the same replica or to its successor; clients see a pause and nothing else. Fencing:
 * records of an epoch older than the newest one seen are refused (R5). Pure: sockets, links and time come from outside.
 */
import { ChannelError } from '../errors.js';
import type { StreamId } from '../host/services.js';
import { type ClientSocket, ClientStream } from './client-stream.js';
import { RecordBatch } from './record-batch.js';
import {
  type AttachRequest,
  GATEWAY_PROTOCOL_VERSION,
  GATEWAY_WAIT_MS,
  jsonBytes,
  RecordKind,
  RecordWriter,
  readJson,
  readRecords,
  type StreamRecord,
} from './records.js';
import { gatewayStream, isGatewayNumber, STREAMS_PER_GATEWAY } from './stream-id.js';

/** Where the current link's frames go. */
export interface GatewaySink {
  send(payload: Uint8Array, epoch: number): void;
  /** Runs `flush` at the end of this turn. */
  later(flush: () => void): void;
  /** True while the link has more bytes waiting than it should; call {@link Gateway.drained} when that is over. */
  readonly congested?: boolean;
  /** Ends the link: this gateway wants to attach anew. */
  close?(): void;
}

export interface GatewayConfig {
  /** Name of the service; empty to accept whichever the replicas serve. */
  readonly service: string;
  readonly listeners: number;
  /** Streams to open before another number is asked for. Default: as many as a number has ids. */
  readonly streamsPerNumber?: number;
  /** How long clients are kept while no replica is live, in ms; whoever owns the clock does it (see closeOlder). Default 30000. */
  readonly waitMs?: number;
}

/** The replica answered, but does not serve: try another. */
export class NotLiveError extends ChannelError {
  constructor(reason: string) {
    super('FTW_HANDSHAKE', reason);
  }
}

/** Output that clients have taken is reported in steps of this size, and the rest by {@link Gateway.tick}. */
const DELIVERED_STEP_BYTES = 32 * 1024;

export class Gateway {
  readonly #config: GatewayConfig;
  readonly #streams = new Set<ClientStream>();
  readonly #byId = new Map<StreamId, ClientStream>();
  /** What goes to the current link's replica; undefined while there is none. */
  #records: RecordBatch | undefined;
  #sink: GatewaySink | undefined;
  /** Streams with input that waits until the link takes more, oldest first. */
  readonly #backlog = new Set<ClientStream>();
  #attached = false;
  #epoch = 0;
  #number = 0;
  #serial = 0;
  readonly #take = (record: StreamRecord): void => this.#receive(record);

  constructor(config: GatewayConfig) {
    this.#config = config;
  }

  /** Newest epoch seen. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The number under which this gateway opens streams; 0 before a replica has given it one. */
  get number(): number {
    return this.#number;
  }

  /** True while a live replica serves this gateway. */
  get attached(): boolean {
    return this.#attached;
  }

  get connections(): number {
    return this.#streams.size;
  }

  /** What to send first on a new connection to a replica: the question whether it serves this gateway. */
  attachPayload(): Uint8Array {
    const { service, listeners, waitMs = GATEWAY_WAIT_MS } = this.#config;
    const request: AttachRequest = { service, gateway: this.#number, epoch: this.#epoch, listeners, waitMs };
    const writer = new RecordWriter();
    writer.add(RecordKind.Attach, 0, GATEWAY_PROTOCOL_VERSION, jsonBytes(request));
    return writer.take();
  }

  /** The replica behind `sink` has agreed to serve; its first frame must be handed to {@link frame} next. */
  linkUp(sink: GatewaySink): void {
    this.linkDown();
    this.#sink = sink;
    this.#records = new RecordBatch({
      send: (payload) => sink.send(payload, this.#epoch),
      later: sink.later,
      get congested() {
        return sink.congested === true;
      },
    });
  }

  /** The link is gone; clients wait. */
  linkDown(): void {
    this.#records = undefined;
    this.#sink = undefined;
    this.#attached = false;
    this.#backlog.clear();
    for (const stream of this.#streams) stream.unlink();
  }

  /** The link takes bulk data again. */
  drained(): void {
    for (const stream of this.#backlog) {
      if (this.#records?.congested !== false) return;
      this.#backlog.delete(stream);
      this.#send(stream);
    }
  }

  /**
   * Takes one frame from the replica. @throws ChannelError FTW_FRAME for a damaged or outdated one (drop the link), NotLiveError.
   */
  frame(payload: Uint8Array, epoch: number): void {
    if (epoch < this.#epoch) {
      const what = `gateway link: the replica is of epoch ${epoch}, the service of epoch ${this.#epoch}`;
      throw new ChannelError('FTW_FRAME', what, { epoch, newest: this.#epoch });
    }
    this.#epoch = epoch;
    const wasAttached = this.#attached;
    readRecords(payload, this.#take);
    if (this.#attached && !wasAttached) this.#records?.flush();
  }

  /** A client has connected to listener number `listener`, at `nowMs` of the caller's clock. */
  connect(listener: number, socket: ClientSocket, nowMs = 0): ClientStream {
    const stream = new ClientStream(listener, socket, nowMs);
    this.#streams.add(stream);
    if (this.#attached) this.#open(stream);
    return stream;
  }

  /** The client sent bytes; the gateway keeps the array. */
  input(stream: ClientStream, bytes: Uint8Array): void {
    const offset = stream.takeInput(bytes);
    if (!stream.linked || offset !== stream.sent || this.#records?.congested !== false) return this.#send(stream);
    stream.sent = stream.input.end;
    this.#add(RecordKind.Data, stream.id, offset, bytes);
  }

  /** The client sent its last byte. */
  inputEnd(stream: ClientStream): void {
    stream.inputEnded = true;
    this.#send(stream);
  }

  /** The client's connection is gone, without having been closed by the guest. */
  disconnected(stream: ClientStream): void {
    // Both directions ended in good order: the guest may still have input to read, here or on a successor, before it closes.
    if (stream.inputEnded && stream.outputEnded) return;
    if (!this.#forget(stream)) return;
    // The replica has heard of it, even if it has not said yet from where on it wants the input.
    if (this.#attached && stream.id !== 0) this.#add(RecordKind.Reset, stream.id, 0);
  }

  /** The client's socket has taken `bytes` more of output. */
  delivered(stream: ClientStream, bytes: number): void {
    stream.delivered += bytes;
    if (stream.delivered - stream.deliveredTold >= DELIVERED_STEP_BYTES) this.#tellDelivered(stream);
  }

  /** Tells the replica of small deliveries too, a few times a second: its copies need not be kept. */
  tick(): void {
    if (!this.#attached) return;
    for (const stream of this.#streams) if (stream.delivered > stream.deliveredTold) this.#tellDelivered(stream);
  }

  /** Closes the connections of clients that connected at `sinceMs` or before; returns how many there were. */
  closeOlder(sinceMs: number): number {
    let count = 0;
    for (const stream of this.#streams) {
      if (stream.sinceMs > sinceMs) continue;
      count++;
      this.#forget(stream);
      stream.socket.close();
    }
    return count;
  }

  /** Closes every client's connection, and tells the replica at once. */
  close(): void {
    for (const stream of this.#streams) {
      if (this.#attached && stream.id !== 0) this.#add(RecordKind.Reset, stream.id, 0);
    }
    this.closeOlder(Number.POSITIVE_INFINITY);
    this.#records?.flush();
  }

  #receive(record: StreamRecord): void {
    const { kind, value } = record;
    if (kind === RecordKind.Attached) return this.#onAttached(record);
    if (kind === RecordKind.NotLive) throw new NotLiveError(new TextDecoder().decode(record.bytes));
    const stream = this.#byId.get(record.stream);
    // Records about a client that has just left cross with its reset.
    if (stream === undefined) return;
    switch (kind) {
      case RecordKind.Data:
        if (stream.takeOutput(value, record.bytes)) return;
        throw gap(record, stream.received);
      case RecordKind.Accepted:
        return stream.accepted(value);
      case RecordKind.Resume:
        return this.#resume(stream, value);
      case RecordKind.End:
      case RecordKind.Close:
        if (value > stream.received) throw gap(record, stream.received);
        return kind === RecordKind.End ? this.#outputEnd(stream) : this.#closed(stream);
      case RecordKind.Reset:
        this.#forget(stream);
        stream.socket.reset();
        return;
      default:
        throw new ChannelError('FTW_FRAME', `gateway link: a replica does not send records of kind ${kind}`, { kind });
    }
  }

  #onAttached(record: StreamRecord): void {
    const reply = readJson(record);
    this.#epoch = Math.max(this.#epoch, record.value);
    this.#attached = true;
    const number = Number(reply['gateway']);
    if (!isGatewayNumber(number)) {
      throw new ChannelError('FTW_FRAME', `gateway link: '${reply['gateway']}' is not a gateway's number`);
    }
    if (number !== this.#number) this.#serial = 0;
    this.#number = number;
    const fresh: ClientStream[] = [];
    for (const stream of this.#streams) {
      if (stream.id === 0) fresh.push(stream);
      else this.#add(RecordKind.Have, stream.id, stream.received, u32(stream.listener));
    }
    this.#add(RecordKind.HaveEnd, 0, 0);
    for (const stream of fresh) this.#open(stream);
  }

  #open(stream: ClientStream): void {
    if (this.#serial >= (this.#config.streamsPerNumber ?? STREAMS_PER_GATEWAY)) return this.#renew();
    stream.id = gatewayStream(this.#number, this.#serial++);
    this.#byId.set(stream.id, stream);
    this.#add(RecordKind.Open, stream.id, stream.listener);
    this.#resume(stream, 0);
  }

  /** Sends the client's input from `offset` on, and as it comes from now on. */
  #resume(stream: ClientStream, offset: number): void {
    if (offset > stream.input.end) {
      const what = `input of stream ${stream.id} was asked for from ${offset}, but it ends at ${stream.input.end}`;
      throw new ChannelError('FTW_FRAME', `gateway link: ${what}`, { stream: stream.id, offset });
    }
    // The log that had this input is gone: the service has begun afresh. That is this client's loss and nobody else's.
    if (offset < stream.input.start) return this.#abandon(stream);
    // What lies before `offset` has been given to the guest, but may not be in the acknowledged log yet: it stays here.
    stream.sent = offset;
    stream.endSent = false;
    stream.linked = true;
    this.#send(stream);
  }

  /** Sends what of the client's input has not been sent yet, or remembers to do so once the link takes it. */
  #send(stream: ClientStream): void {
    if (!stream.linked || this.#records === undefined) return;
    if (this.#records.congested) {
      this.#backlog.add(stream);
      return;
    }
    stream.input.from(stream.sent, (bytes, at) => this.#add(RecordKind.Data, stream.id, at, bytes));
    stream.sent = stream.input.end;
    if (!stream.inputEnded || stream.endSent) return;
    stream.endSent = true;
    this.#add(RecordKind.End, stream.id, stream.input.end);
  }

  /** This number's ids are used up: a new attach brings a new one. Streams keep the ids they have. */
  #renew(): void {
    this.#number = 0;
    this.#sink?.close?.();
  }

  #abandon(stream: ClientStream): void {
    this.#forget(stream);
    stream.socket.reset();
    this.#add(RecordKind.Reset, stream.id, 0);
  }

  #outputEnd(stream: ClientStream): void {
    if (stream.outputEnded) return;
    stream.outputEnded = true;
    stream.socket.end();
  }

  #closed(stream: ClientStream): void {
    this.#forget(stream);
    stream.socket.close();
    this.#add(RecordKind.Gone, stream.id, 0);
  }

  #forget(stream: ClientStream): boolean {
    this.#backlog.delete(stream);
    this.#byId.delete(stream.id);
    return this.#streams.delete(stream);
  }

  #tellDelivered(stream: ClientStream): void {
    if (!stream.linked) return;
    stream.deliveredTold = stream.delivered;
    this.#add(RecordKind.Delivered, stream.id, stream.delivered);
  }

  #add(kind: RecordKind, stream: StreamId, value: number, bytes?: Uint8Array): void {
    this.#records?.add(kind, stream, value, bytes);
  }
}

function gap({ stream, value }: StreamRecord, received: number): ChannelError {
  const what = `output of stream ${stream} continues at ${value}, but only ${received} bytes have come`;
  return new ChannelError('FTW_FRAME', `gateway link: ${what}`, { stream, offset: value, received });
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
