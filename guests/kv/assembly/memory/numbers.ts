/** Decimal integers, as strict as Redis: no spaces, no plus sign, no leading zeros, within 64 bits. */

/** Longest result of {@link formatInteger}. */
export const INTEGER_BYTES_MAX: u32 = 20;

/** The value of the last successful {@link parseInteger}. */
export let parsedInteger: i64 = 0;

/** Parses all of `[from, from + length)` into {@link parsedInteger}; false if that is not a canonical integer. */
export function parseInteger(from: usize, length: u32): bool {
  if (length == 0 || length > INTEGER_BYTES_MAX) return false;
  const end = from + length;
  const negative = load<u8>(from) == 45;
  if (negative && ++from == end) return false;
  const first = u32(load<u8>(from)) - 48;
  if (first > 9) return false;
  if (first == 0) {
    parsedInteger = 0;
    return length == 1;
  }
  let value: u64 = 0;
  for (; from < end; from++) {
    const digit = u32(load<u8>(from)) - 48;
    if (digit > 9) return false;
    // 20 digits can exceed u64 only at the last one.
    if (value > 1844674407370955161 || (value == 1844674407370955161 && digit > 5)) return false;
    value = value * 10 + digit;
  }
  if (value > u64(i64.MAX_VALUE) + u64(negative)) return false;
  parsedInteger = negative ? i64(0 - value) : i64(value);
  return true;
}

/** Number of decimal digits of `value`. */
export function digitCount(value: u64): u32 {
  let digits: u32 = 1;
  while (value >= 10000) {
    value /= 10000;
    digits += 4;
  }
  if (value >= 1000) return digits + 3;
  if (value >= 100) return digits + 2;
  return value >= 10 ? digits + 1 : digits;
}

/** Writes `value` in decimal; returns the address behind it. At most INTEGER_BYTES_MAX bytes. */
export function formatInteger(to: usize, value: i64): usize {
  let rest = u64(value);
  if (value < 0) {
    store<u8>(to++, 45);
    rest = 0 - rest;
  }
  const end = to + digitCount(rest);
  let at = end;
  if (rest <= u64(u32.MAX_VALUE)) {
    let small = u32(rest);
    while (at > to) {
      store<u8>(--at, u8(48 + (small % 10)));
      small /= 10;
    }
    return end;
  }
  while (at > to) {
    store<u8>(--at, u8(48 + u32(rest % 10)));
    rest /= 10;
  }
  return end;
}
