/** random_get: a ChaCha20 key stream from one logged seed, or the host's own bytes, logged. */
import { ERRNO } from '../abi.js';
import { SEED_BYTES, takeRandom } from '../chacha.js';
import type { WasiContext, WasiStep } from '../context.js';
import { input } from '../effects.js';
import { isBytes } from '../results.js';

export function randomGet(ctx: WasiContext, buf: number, length: number): WasiStep {
  const target = ctx.memory.slice(buf, length);
  if (length === 0) return ERRNO.SUCCESS;
  if (ctx.config.random === 'os') return osRandom(target);
  if (ctx.state.random.seed === null) return seedThenFill(ctx, target);
  takeRandom(ctx.state.random, target);
  return ERRNO.SUCCESS;
}

function osRandom(target: Uint8Array): WasiStep {
  return input<Uint8Array>({
    observe: (live) => live.entropy.bytes(target.length),
    accepts: (value) => isBytes(value, target.length),
    apply: (bytes) => {
      target.set(bytes);
      return ERRNO.SUCCESS;
    },
  });
}

/** The first call of all: its result is the seed. */
function seedThenFill(ctx: WasiContext, target: Uint8Array): WasiStep {
  return input<Uint8Array>({
    observe: (live) => live.entropy.bytes(SEED_BYTES),
    accepts: (value) => isBytes(value, SEED_BYTES),
    apply: (seed) => {
      ctx.state.random.seed = seed.slice();
      takeRandom(ctx.state.random, target);
      return ERRNO.SUCCESS;
    },
  });
}
