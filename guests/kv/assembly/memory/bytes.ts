/** Small operations on byte ranges and on ASCII literals (AssemblyScript keeps literals as static UTF-16). */

export const CR: u8 = 13;
export const LF: u8 = 10;
export const SPACE: u8 = 32;

export function equalBytes(a: usize, b: usize, length: u32): bool {
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) {
    if (load<u64>(a + i) != load<u64>(b + i)) return false;
  }
  for (; i < length; i++) {
    if (load<u8>(a + i) != load<u8>(b + i)) return false;
  }
  return true;
}

/** The offset of `byte` in `[from, to)`, as an address, or `to`. */
export function findByte(from: usize, to: usize, byte: u8): usize {
  while (from < to && load<u8>(from) != byte) from++;
  return from;
}

export function upperCase(byte: u32): u32 {
  return byte - 97 < 26 ? byte - 32 : byte;
}

export function lowerCase(byte: u32): u32 {
  return byte - 65 < 26 ? byte + 32 : byte;
}

/** Compares bytes with an upper-case ASCII literal, ignoring the case of the bytes. */
export function equalsLiteral(bytes: usize, length: u32, literal: string): bool {
  if (length != <u32>literal.length) return false;
  const text = changetype<usize>(literal);
  for (let i: u32 = 0; i < length; i++) {
    if (upperCase(load<u8>(bytes + i)) != load<u16>(text + (i << 1))) return false;
  }
  return true;
}

/** Writes an ASCII literal as bytes; returns the address behind it. */
export function writeLiteral(to: usize, literal: string): usize {
  const length = <u32>literal.length;
  const text = changetype<usize>(literal);
  for (let i: u32 = 0; i < length; i++) store<u8>(to + i, u8(load<u16>(text + (i << 1))));
  return to + length;
}
