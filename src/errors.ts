/**
 * Operating errors: everything that can go wrong for a reason outside this program (bad input, broken network, full
 * disk). Guest outcomes are values and never appear here; broken invariants use {@link invariant}.
 *
 * Each error carries a stable `code` from {@link ERROR_CODES}; users and scripts match on that, never on the text.
 */

/** Every stable error code with its one-line meaning. Codes are never reused or renamed. */
export const ERROR_CODES = {
  // src/bytes, src/wasm
  FTW_MALFORMED: 'the bytes are not a well-formed WebAssembly module',
  FTW_INVALID: 'the module is well-formed but does not validate',
  FTW_UNSUPPORTED: 'the module uses a feature that cannot be made deterministic or is not supported',
  FTW_LIMIT: 'a configured or implementation limit was exceeded',
  // src/engine, src/wasi
  FTW_LINK: 'the module imports something the host does not provide',
  FTW_HOST: 'the host could not deliver what the guest was promised',
  // src/log, src/record
  FTW_LOG_FORMAT: 'a recording or log batch is damaged or of an unknown version',
  FTW_DIVERGENCE: 'a replay did not do what the log says',
  // src/snapshot, src/engine
  FTW_SNAPSHOT: 'a snapshot is damaged, of an unknown version, or of another module',
  // src/durable
  FTW_DURABLE: 'a durable directory is damaged, in use, of another service, or cannot be written',
  // src/transport, src/replica
  FTW_FRAME: 'a frame on a channel is damaged, oversized or of a foreign protocol',
  FTW_CHANNEL: 'a peer could not be reached or the connection broke',
  FTW_HANDSHAKE: 'the peer runs another module, configuration or version',
  // src/arbiter
  FTW_ARBITER: 'the arbiter cannot be used',
  FTW_EPOCH_LOST: 'another replica holds a newer epoch',
  // src/cli, src/runtime
  FTW_USAGE: 'the command line or configuration is wrong',
  FTW_IO: 'a file, socket or address could not be used',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Base of all operating errors. `message` says what, where and what to do; `code` is stable. */
export class FtWasmError extends Error {
  readonly code: ErrorCode;
  /** Typed details (offset, section, name, position ...), for `--json` output and tests. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.details = details;
  }
}

/** Malformed, invalid or unsupported WebAssembly. `offset` is a byte offset from the start of the module. */
export class DecodeError extends FtWasmError {
  readonly offset: number;

  constructor(
    code: 'FTW_MALFORMED' | 'FTW_INVALID' | 'FTW_UNSUPPORTED' | 'FTW_LIMIT',
    offset: number,
    message: string,
    details: Record<string, unknown> = {},
  ) {
    super(code, `${message} (at offset 0x${offset.toString(16)})`, { offset, ...details });
    this.offset = offset;
  }
}

/** Imports that nothing provides; `details.missing` lists every one of them as `module.name`. */
export class LinkError extends FtWasmError {
  constructor(message: string, details: Record<string, unknown> = {}) {
    super('FTW_LINK', message, details);
  }
}

/** A recording or batch that cannot be read. */
export class LogFormatError extends FtWasmError {
  constructor(message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super('FTW_LOG_FORMAT', message, details, options);
  }
}

/** A frame or peer that cannot be trusted or reached. */
export class ChannelError extends FtWasmError {
  constructor(
    code: 'FTW_FRAME' | 'FTW_CHANNEL' | 'FTW_HANDSHAKE',
    message: string,
    details: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(code, message, details, options);
  }
}

/** The arbiter is missing, unreadable, unwritable or not an arbiter. */
export class ArbiterError extends FtWasmError {
  constructor(message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super('FTW_ARBITER', message, details, options);
  }
}

/**
 * A replay that did not do what the log says (design rule R10). `details` holds `position`, `expected` and `seen`.
 */
export class DivergenceError extends FtWasmError {
  constructor(message: string, details: Record<string, unknown> = {}) {
    super('FTW_DIVERGENCE', message, details);
  }
}

/** A broken invariant: a bug in this program. It stops the replica; a stopped replica can be replaced. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Stops the replica when `condition` is false; kept in production on purpose. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
