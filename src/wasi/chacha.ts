/** The guest's random bytes: the ChaCha20 key stream (RFC 8439) of one seed, addressed by byte offset. */
import { chacha20 } from '@noble/ciphers/chacha.js';
import { invariant } from '../errors.js';
import type { RandomState } from './state.js';

export const SEED_BYTES = 32;
const BLOCK_BYTES = 64;
const NONCE_BYTES = 12;
/** The block counter has 32 bits: the nonce takes over beyond 256 GiB, so that the stream never repeats. */
const STREAM_BYTES = 2 ** 32 * BLOCK_BYTES;

/** Fills `target` with the stream's next bytes. */
export function takeRandom(state: RandomState, target: Uint8Array): void {
  invariant(state.seed?.length === SEED_BYTES, 'random bytes were taken before the seed was known');
  let done = 0;
  while (done < target.length) {
    const within = state.offset % STREAM_BYTES;
    const skip = within % BLOCK_BYTES;
    const length = Math.min(target.length - done, STREAM_BYTES - within);
    const zeros = new Uint8Array(skip + length);
    const nonce = nonceOf(Math.floor(state.offset / STREAM_BYTES));
    const stream = chacha20(state.seed, nonce, zeros, undefined, Math.floor(within / BLOCK_BYTES));
    target.set(stream.subarray(skip), done);
    done += length;
    state.offset += length;
  }
}

function nonceOf(stream: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setUint32(0, stream, true);
  return nonce;
}
