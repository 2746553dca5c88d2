/**
 * How stream ids are divided, so that no two connections of a service's life share one (53 bits):
 * ```
 * epoch (20 bits) | 0 | serial (32 bits)                     a replica's own listeners
 * epoch (20 bits) | 1 | gateway (12 bits) | serial (20 bits) a gateway that was numbered in that epoch
 * ```
 */
import type { StreamId } from '../host/services.js';

const EPOCH_UNIT = 2 ** 33;
const GATEWAY_BASE = 2 ** 32;
const GATEWAY_UNIT = 2 ** 20;

/** Gateways that one live replica can number in one epoch. */
export const GATEWAYS_PER_EPOCH = 4096;
/** Streams that a gateway can open before it asks for another number. */
export const STREAMS_PER_GATEWAY = GATEWAY_UNIT;
/** Streams that a replica's own listeners can open in one epoch. */
export const STREAMS_PER_EPOCH = GATEWAY_BASE;

/** First stream id of a replica's own listeners. */
export function directStreams(epoch: number): StreamId {
  return epoch * EPOCH_UNIT;
}

/** Number of the `index`th gateway numbered in `epoch`: the prefix of its stream ids, never 0. */
export function gatewayNumber(epoch: number, index: number): number {
  return (epoch * EPOCH_UNIT + GATEWAY_BASE) / GATEWAY_UNIT + index;
}

export function gatewayStream(gateway: number, serial: number): StreamId {
  return gateway * GATEWAY_UNIT + serial;
}

/** The gateway that carries `stream`, or undefined if a replica's own listener does. */
export function gatewayOf(stream: StreamId): number | undefined {
  // Asked for every output; `%` on numbers this large is many times slower.
  const prefix = Math.floor(stream / GATEWAY_BASE);
  return prefix - 2 * Math.floor(prefix / 2) === 1 ? Math.floor(stream / GATEWAY_UNIT) : undefined;
}

/** Whether `number` can have come from {@link gatewayNumber}. */
export function isGatewayNumber(number: number): boolean {
  return Number.isSafeInteger(number) && number > 0 && gatewayOf(gatewayStream(number, 0)) === number;
}
