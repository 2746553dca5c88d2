/**
 * Exit codes of a replica. The guest's own code passes through unchanged; ours lie in 70 to 80, where few programs
 * exit (sysexits.h has its software and protocol errors there).
 */
export const EXIT_CODES = {
  /** Left in good order. */
  ok: 0,
  /** The command line or configuration is wrong. */
  usage: 70,
  /** The module is malformed, unsupported or imports something unknown. */
  refusedModule: 71,
  /** Another replica holds a newer epoch. */
  lostEpoch: 72,
  /** The replay did not do what the log says. */
  divergence: 73,
  /** The primary turned this backup away. */
  handshakeRefused: 74,
  /** The arbiter cannot be used, or its record belongs to somebody else. */
  arbiter: 75,
  /** The primary was not reached, or not joined, in time. */
  primaryUnreachable: 76,
  /** This host could not deliver what the guest was promised (memory, stack, a worker that died). */
  brokenHost: 77,
  /** A file, socket or address could not be used, or a recording or snapshot is damaged or of something else. */
  io: 78,
  /** A bug in this program. */
  internal: 79,
  /** The durable directory is damaged, in use, of another service, or cannot be written. */
  durable: 80,
} as const;

export type ExitCodeName = keyof typeof EXIT_CODES;
