/** Every bound of the server in one place. Sizes are bytes, times milliseconds. */

/** Connections served at once; one more is told so and closed. As Redis' default. */
export const CLIENTS_MAX: u32 = 10000;

/** Longest bulk string, key or value: Redis' proto-max-bulk-len. */
export const BULK_BYTES_MAX: u32 = 512 << 20;
/** Most arguments of one request. */
export const ARGUMENTS_MAX: u32 = 1 << 20;
/** Longest inline request or length line. */
export const LINE_BYTES_MAX: u32 = 64 << 10;

/** One receive; also the size of the buffer that all clients without a partial request share. */
export const RECEIVE_BYTES: u32 = 64 << 10;
/** All partial requests together; a client that would exceed it is closed. */
export const INPUT_BYTES_TOTAL_MAX: u32 = 1 << 30;

/** Replies a client may leave unread before its next commands wait. */
export const OUTPUT_BYTES_SOFT: u32 = 32 << 20;
/** The same once all unread replies together exceed OUTPUT_BYTES_TOTAL. */
export const OUTPUT_BYTES_SOFT_TIGHT: u32 = 64 << 10;
export const OUTPUT_BYTES_TOTAL: u32 = 256 << 20;
/** A client whose commands wait because it reads nothing is closed after this time. */
export const STALLED_MS_MAX: i64 = 60000;

/** Connections accepted in one turn of the loop, so that a storm of them does not starve the others. */
export const ACCEPTS_PER_TURN: u32 = 64;
/** Entries freed in one turn, by expiry and by FLUSHALL's leftovers. */
export const EXPIRIES_PER_TURN: u32 = 512;
export const RECLAIMS_PER_TURN: u32 = 2048;
