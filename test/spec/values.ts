/** Values of scripts as the twins of bits.ts take and give them. */
import type { ScriptValue } from './suite.js';

const LANE_BITS: Record<string, number> = { i8: 8, i16: 16, i32: 32, i64: 64, f32: 32, f64: 64 };
/** One object per number, so that references can be compared. */
const hostObjects = new Map<string, object>();

function hostObject(value: string): object {
  const known = hostObjects.get(value) ?? { externref: value };
  hostObjects.set(value, known);
  return known;
}

function vectorBits({ lane_type, value }: ScriptValue): bigint {
  const width = BigInt(LANE_BITS[lane_type!]!);
  return (value as readonly string[]).reduce(
    (bits, lane, index) => bits | (BigInt.asUintN(Number(width), BigInt(lane)) << (width * BigInt(index))),
    0n,
  );
}

/** The arguments that stand for a script's value. */
export function toArguments(value: ScriptValue): unknown[] {
  switch (value.type) {
    case 'i32':
    case 'f32':
      return [Number(value.value) | 0];
    case 'i64':
    case 'f64':
      return [BigInt.asIntN(64, BigInt(value.value as string))];
    case 'v128': {
      const bits = vectorBits(value);
      return [BigInt.asIntN(64, bits), BigInt.asIntN(64, bits >> 64n)];
    }
    default:
      return [value.value === 'null' ? null : hostObject(value.value as string)];
  }
}

/** Takes what a script's value needs from `actual` and says whether it is that value. */
export function matches(expected: ScriptValue, actual: unknown[]): boolean {
  switch (expected.type) {
    case 'i32':
    case 'f32':
      return matchesLane(expected.value as string, BigInt.asUintN(32, BigInt(actual.shift() as number)), 32);
    case 'i64':
    case 'f64':
      return matchesLane(expected.value as string, BigInt.asUintN(64, actual.shift() as bigint), 64);
    case 'v128':
      return matchesVector(expected, actual);
    default:
      return matchesReference(expected, actual.shift());
  }
}

function matchesReference({ type, value }: ScriptValue, actual: unknown): boolean {
  if (value === 'null') return actual === null;
  if (type === 'funcref' || value === undefined) return actual !== null;
  return actual === hostObject(value as string);
}

function matchesVector({ lane_type, value }: ScriptValue, actual: unknown[]): boolean {
  const low = BigInt.asUintN(64, actual.shift() as bigint);
  const bits = low | (BigInt.asUintN(64, actual.shift() as bigint) << 64n);
  const width = LANE_BITS[lane_type!]!;
  return (value as readonly string[]).every((lane, index) =>
    matchesLane(lane, BigInt.asUintN(width, bits >> BigInt(width * index)), width),
  );
}

/** The engine answers canonical NaNs; a script may ask for less (any arithmetic one). */
function matchesLane(expected: string, bits: bigint, width: number): boolean {
  const quiet = width === 32 ? 0x7fc00000n : 0x7ff8000000000000n;
  const magnitude = BigInt.asUintN(width - 1, bits);
  if (expected === 'nan:canonical') return magnitude === quiet;
  if (expected === 'nan:arithmetic') return (bits & quiet) === quiet;
  return bits === BigInt.asUintN(width, BigInt(expected));
}
