/** Inline requests: words separated by spaces, with the quotes and escapes of redis-cli. For people with telnet. */
import { SPACE } from '../memory/bytes';
import { addArgument, COMPLETE, fail, MALFORMED } from './request';

const TAB: u8 = 9;
const DOUBLE_QUOTE: u8 = 34;
const SINGLE_QUOTE: u8 = 39;
const BACKSLASH: u8 = 92;

let source: usize = 0;
let target: usize = 0;

function isSpace(byte: u8): bool {
  return byte == SPACE || (byte >= TAB && byte <= 13);
}

/**
 * Splits `[from, to)` into arguments, unescaping in place: the result is never longer than its source. Quotes open only
 * at the start of a word and must be followed by a space.
 */
export function splitInline(from: usize, to: usize): u32 {
  source = from;
  while (true) {
    while (source < to && isSpace(load<u8>(source))) source++;
    if (source == to) return COMPLETE;
    const start = source;
    target = source;
    const quote = load<u8>(source);
    if (quote == DOUBLE_QUOTE || quote == SINGLE_QUOTE) {
      source++;
      if (!takeQuoted(to, quote)) return fail('unbalanced quotes in request');
    } else {
      while (source < to && !isSpace(load<u8>(source))) source++;
      target = source;
    }
    if (!addArgument(start, u32(target - start))) return MALFORMED;
  }
}

function takeQuoted(to: usize, quote: u8): bool {
  while (source < to) {
    const byte = load<u8>(source++);
    if (byte == quote) return source == to || isSpace(load<u8>(source));
    const escaped = byte == BACKSLASH && source < to && (quote == DOUBLE_QUOTE || load<u8>(source) == SINGLE_QUOTE);
    store<u8>(target++, escaped ? takeEscape(to) : byte);
  }
  return false;
}

function takeEscape(to: usize): u8 {
  const byte = load<u8>(source++);
  switch (byte) {
    case 110: // n
      return 10;
    case 114: // r
      return 13;
    case 116: // t
      return 9;
    case 98: // b
      return 8;
    case 97: // a
      return 7;
    case 120: // x, with two hexadecimal digits
      if (source + 2 <= to && hexDigit(load<u8>(source)) < 16 && hexDigit(load<u8>(source + 1)) < 16) {
        source += 2;
        return u8((hexDigit(load<u8>(source - 2)) << 4) | hexDigit(load<u8>(source - 1)));
      }
      return byte;
    default:
      return byte;
  }
}

function hexDigit(byte: u8): u32 {
  const digit = u32(byte) - 48;
  if (digit < 10) return digit;
  const letter = (u32(byte) | 32) - 97;
  return letter < 6 ? letter + 10 : 16;
}
