// A backtracking matcher for `c . * ? ^ $` (after Rob Pike's in "The Practice of Programming", extended).
#include "kernel.h"

static int match_here(const char *pattern, const char *text);

static int matches_one(char pattern, char c) { return c && (pattern == '.' || pattern == c); }

NOINLINE static int match_star(char c, const char *pattern, const char *text) {
  do {
    if (match_here(pattern, text)) return 1;
  } while (matches_one(c, *text++));
  return 0;
}

NOINLINE static int match_here(const char *pattern, const char *text) {
  for (;;) {
    if (!pattern[0]) return 1;
    if (pattern[1] == '*') return match_star(pattern[0], pattern + 2, text);
    if (pattern[1] == '?') {
      if (matches_one(pattern[0], *text) && match_here(pattern + 2, text + 1)) return 1;
      pattern += 2;
      continue;
    }
    if (pattern[0] == '$' && !pattern[1]) return !*text;
    if (!matches_one(*pattern, *text)) return 0;
    pattern++, text++;
  }
}

/// Offset of the first match plus one, or 0.
static uint32_t search(const char *pattern, const char *text) {
  if (*pattern == '^') return (uint32_t)match_here(pattern + 1, text);
  for (const char *p = text;; p++) {
    if (match_here(pattern, p)) return (uint32_t)(p - text) + 1;
    if (!*p) return 0;
  }
}

static const char *const patterns[] = {"a.*b.*c.*d$", "^ba*b", "x?y?z?ab", "c.c.c", "dd*ddd", ".*.*.*e", "b?b?b?b?bbbb"};

uint32_t kernel(uint32_t variation) {
  uint32_t seed = random_state(1234, variation), sum = 0;
  char text[101];
  for (int round = 0; round < 30; round++) {
    for (int i = 0; i < 100; i++) text[i] = "abcd"[random_next(&seed) & 3];
    text[100] = 0;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
      if (i == 5 && round % 10) continue; // the cubic one: keep it, but not always
      sum = mix(sum, search(patterns[i], text + (i == 5 ? 70 : 0)));
    }
  }
  return sum;
}

KERNEL_MAIN("regex", 0x46147acau)
