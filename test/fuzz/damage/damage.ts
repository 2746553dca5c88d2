/** Damage as disks, networks and bad luck do it, the same for the same seed on every machine. */

export type Random = (below: number) => number;

/** A linear congruential generator. */
export function generator(seed: number): Random {
  let state = Math.imul(seed, 2654435761) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let round = 0; round < 8; round++) next();
  return (below) => Math.floor(next() * below);
}

/** A copy of `bytes` from `from` on changed: flipped bits, a piece cut out, repeated or filled, numbers blown up, or an end cut off. */
export function damage(bytes: Uint8Array, random: Random, from = 0): Uint8Array {
  const at = from + random(bytes.length - from);
  const length = 1 + random(Math.min(16, bytes.length - at));
  switch (random(8)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return spliced(bytes, at, length, new Uint8Array(0));
    case 2:
      return spliced(bytes, at, 0, bytes.slice(at, at + length));
    case 3:
      return spliced(bytes, at, length, new Uint8Array(length).fill(random(2) === 0 ? 0 : 0xff));
    case 4:
      // The largest LEB128 of 32 bits.
      return spliced(bytes, at, 1, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f));
    default:
      return flipped(bytes, random, from);
  }
}

function flipped(bytes: Uint8Array, random: Random, from: number): Uint8Array {
  const copy = bytes.slice();
  for (let flips = random(3); flips >= 0; flips--) copy[from + random(bytes.length - from)]! ^= 1 << random(8);
  return copy;
}

function spliced(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length - removed + added.length);
  copy.set(bytes.subarray(0, at));
  copy.set(added, at);
  copy.set(bytes.subarray(at + removed), at + added.length);
  return copy;
}
