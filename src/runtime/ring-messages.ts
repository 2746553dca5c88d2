/**
 * The messages on the two rings between guest thread and I/O thread. A message is a head (one byte of kind, then
 * little-endian fields at fixed offsets) followed by bytes that are never copied into an object.
 *
 * ```
 * head   [0] kind u8   [1] small u8   [4] u32   [8] f64 a   [16] f64 b   [24] f64 c   (fields a kind does not use are absent)
 * ```
 */

/** I/O thread to guest thread. */
export const ToGuest = {
  /** a = stream, u32 = listener: a client connected. */
  Open: 1,
  /** a = stream, then the bytes a client sent. */
  Data: 2,
  /** a = stream: the client finished sending. */
  Eof: 3,
  /** a = stream: the connection broke. */
  Reset: 4,
  /** a = stream, u32 = bytes that left for the client: the output window opens again. */
  Credit: 5,
  /** Bytes of standard input; none = end of input. */
  Stdin: 6,
  /** A packed log batch, for a replaying guest. */
  Batch: 7,
  /** Behind the last batch: run live from here (R6). */
  GoLive: 8,
  /** End the run at the next host call or slice. */
  Stop: 9,
  /** Behind the last batch of a recording: nothing follows. */
  LogEnd: 10,
  /** a = ticket, then the JSON of an Answer, see guest/protocol.ts. */
  Answer: 11,
  /** Nothing but a wake-up: the control block has changed. */
  Look: 12,
} as const;

/** Guest thread to I/O thread. */
export const FromGuest = {
  /** a = first event, b = last event, c = counter at the last; then the packed batch. */
  Batch: 32,
  /** small = fd, a = event; then the bytes. */
  Stdio: 33,
  /** a = stream, b = event; then the bytes. */
  Send: 34,
  /** small = 0 read, 1 write, 2 both; a = stream, b = event. */
  Shutdown: 35,
  /** a = stream, b = event. */
  Close: 36,
  /** a = stream, b = event, u32 = bytes of input that the guest has taken since the last such message. */
  Consumed: 37,
  /** The log is consumed and the guest now runs live. */
  Live: 38,
  /** JSON of a GuestReport: outcome, divergence or host fault; the last message. */
  Report: 39,
  /** u32 = bytes of standard input that the guest has taken since the last such message; the first asks for input. */
  StdinTaken: 40,
  /** JSON of a StateDigest, see guest/protocol.ts. */
  StateDigest: 41,
  /** a = ticket, then the JSON of a Question, see guest/protocol.ts. */
  Ask: 42,
  /** small = 1 for the last, u32 = number of the capture; then a piece of the state. */
  State: 43,
  /** u32 = number of the capture, a = event, b = counter; then the JSON of a CaptureCost, see ports.ts. */
  Captured: 44,
  /** u32 = number of the capture; then the reason. */
  CaptureFailed: 45,
  /** a = event; then a call's arguments, packed, see ReplayedCall in guest/protocol.ts. */
  Replayed: 46,
} as const;

export const SHUTDOWN_HOW = ['read', 'write', 'both'] as const;
export type ShutdownHow = (typeof SHUTDOWN_HOW)[number];

/** Builds heads in one reused buffer: valid until the next call, which is enough for a ring write. */
export class HeadWriter {
  readonly #bytes = new Uint8Array(32);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #h8 = this.#bytes.subarray(0, 8);
  readonly #h16 = this.#bytes.subarray(0, 16);
  readonly #h24 = this.#bytes.subarray(0, 24);

  /** A head without f64 fields. */
  plain(kind: number, small = 0, u32 = 0): Uint8Array {
    this.#bytes[0] = kind;
    this.#bytes[1] = small;
    this.#view.setUint32(4, u32, true);
    return this.#h8;
  }

  /** A head with field a. */
  one(kind: number, a: number, small = 0, u32 = 0): Uint8Array {
    this.plain(kind, small, u32);
    this.#view.setFloat64(8, a, true);
    return this.#h16;
  }

  /** A head with fields a and b. */
  two(kind: number, a: number, b: number, small = 0, u32 = 0): Uint8Array {
    this.one(kind, a, small, u32);
    this.#view.setFloat64(16, b, true);
    return this.#h24;
  }

  /** A head with fields a, b and c. */
  three(kind: number, a: number, b: number, c: number): Uint8Array {
    this.two(kind, a, b);
    this.#view.setFloat64(24, c, true);
    return this.#bytes;
  }
}

/** Reads the fields of one message without allocating; `bytes(n)` is what follows a head with n f64 fields. */
export class MessageReader {
  #message: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#message.buffer);

  load(message: Uint8Array): this {
    if (this.#view.buffer !== message.buffer) this.#view = new DataView(message.buffer);
    this.#message = message;
    return this;
  }

  get kind(): number {
    return this.#message[0];
  }

  get small(): number {
    return this.#message[1];
  }

  get u32(): number {
    return this.#view.getUint32(this.#message.byteOffset + 4, true);
  }

  f64(index: 0 | 1 | 2): number {
    return this.#view.getFloat64(this.#message.byteOffset + 8 + 8 * index, true);
  }

  bytes(fields: 0 | 1 | 2 | 3): Uint8Array {
    return this.#message.subarray(8 + 8 * fields);
  }
}
