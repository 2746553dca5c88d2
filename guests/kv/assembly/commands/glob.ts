/** Glob patterns as KEYS and SCAN know them: `*`, `?`, `[a-z]`, `[^a]` and `\` to take the next character literally. */

import { writeLiteral } from '../memory/bytes';

const STAR: u8 = 42;
const QUESTION: u8 = 63;
const OPEN: u8 = 91;
const CLOSE: u8 = 93;
const CARET: u8 = 94;
const DASH: u8 = 45;
const BACKSLASH: u8 = 92;

const scratch: usize = memory.data(64);

/** Where the element matched last ends in the pattern. */
let elementEnd: usize = 0;

/**
 * Whether the whole text matches. On a mismatch only the last star is tried again one byte later: earlier ones cannot
 * help, so the time is at most pattern length times text length, whatever the pattern.
 */
export function matchesGlob(pattern: usize, patternEnd: usize, text: usize, textEnd: usize): bool {
  let star: usize = 0;
  let starText: usize = 0;
  while (text < textEnd || pattern < patternEnd) {
    if (pattern < patternEnd && load<u8>(pattern) == STAR) {
      star = ++pattern;
      starText = text;
      continue;
    }
    if (pattern < patternEnd && text < textEnd && matchesElement(pattern, patternEnd, load<u8>(text))) {
      pattern = elementEnd;
      text++;
      continue;
    }
    if (!star || starText >= textEnd) return false;
    pattern = star;
    text = ++starText;
  }
  return true;
}

/** Whether a short ASCII literal matches. */
export function matchesGlobLiteral(pattern: usize, length: u32, text: string): bool {
  return matchesGlob(pattern, pattern + length, scratch, writeLiteral(scratch, text));
}

function matchesElement(pattern: usize, patternEnd: usize, byte: u8): bool {
  const first = load<u8>(pattern);
  elementEnd = pattern + 1;
  if (first == QUESTION) return true;
  if (first == OPEN) return matchesSet(pattern + 1, patternEnd, byte);
  if (first == BACKSLASH && elementEnd < patternEnd) return load<u8>(elementEnd++) == byte;
  return first == byte;
}

/** A set that is not closed ends with the pattern. */
function matchesSet(at: usize, patternEnd: usize, byte: u8): bool {
  const negated = at < patternEnd && load<u8>(at) == CARET;
  if (negated) at++;
  let found = false;
  while (at < patternEnd && load<u8>(at) != CLOSE) {
    if (load<u8>(at) == BACKSLASH && at + 1 < patternEnd) at++;
    let low = load<u8>(at++);
    let high = low;
    if (at + 1 < patternEnd && load<u8>(at) == DASH && load<u8>(at + 1) != CLOSE) {
      high = load<u8>(at + 1);
      at += 2;
    }
    if (low > high) {
      const swapped = low;
      low = high;
      high = swapped;
    }
    if (byte >= low && byte <= high) found = true;
  }
  elementEnd = at < patternEnd ? at + 1 : at;
  return found != negated;
}
