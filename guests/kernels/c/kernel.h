// What every C kernel shares: the command around it, a checksum and a random generator.
//
// A kernel is one function that does a fixed piece of work and returns a checksum. `_start` runs it argv[1] times
// (once by default), each time on other data, folds the checksums into one, prints "<name> <checksum>\n" and exits with 1
// when the first checksum is not the expected one or a kernel that checks itself failed. Nothing but args_*, fd_write and
// proc_exit is imported, so that a run's instructions are the kernel's own.
#ifndef KERNEL_H
#define KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <wasi/api.h>

#define NOINLINE __attribute__((noinline))

/// Always 0, but the compiler cannot know: it keeps repetitions of work without data from being merged.
static volatile uint32_t opaque_zero;

/// Does the work of repetition `variation` (from 0) once. Sizes and kind of work are those of every repetition, the data
/// are not: a processor would learn the branches of the very same work by heart. 0 says that the result was wrong.
uint32_t kernel(uint32_t variation);

/// Folds `value` into the running checksum `sum`.
static inline uint32_t mix(uint32_t sum, uint32_t value) {
  sum = (sum ^ value) * 0x9e3779b1u;
  return sum ^ (sum >> 15);
}

/// The next number of a xorshift generator (Marsaglia, 2003); `*state` must not be 0.
static inline uint32_t random_next(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

/// A number that differs in many bits from those of neighbouring variations; 0 for 0.
static inline uint32_t spread(uint32_t variation) { return variation * 0x9e3779b1u; }

/// A first state for random_next: `seed` itself for variation 0, another one for each other variation, and never 0.
static inline uint32_t random_state(uint32_t seed, uint32_t variation) {
  uint32_t state = seed + spread(variation);
  return state ? state : seed;
}

/// Fills `p` with a permutation of 0 to `n` - 1: in ascending order for variation 0.
static inline void permutation(uint8_t *p, uint32_t n, uint32_t variation) {
  uint32_t choices = spread(variation);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t j = i - choices % (i + 1);
    choices /= i + 1;
    p[i] = (uint8_t)i;
    uint8_t t = p[i];
    p[i] = p[j];
    p[j] = t;
  }
}

static inline size_t kernel_repeats(void) {
  static uint8_t *argv[8];
  static uint8_t text[256];
  size_t count = 0, size = 0, repeats = 0;
  if (__wasi_args_sizes_get(&count, &size) || count < 2 || count > 8 || size > sizeof text) return 1;
  if (__wasi_args_get(argv, text)) return 1;
  for (const uint8_t *p = argv[1]; *p >= '0' && *p <= '9'; p++) repeats = repeats * 10 + (*p - '0');
  return repeats;
}

static inline void kernel_print(const char *name, uint32_t checksum) {
  uint8_t line[64];
  size_t n = 0;
  while (*name) line[n++] = (uint8_t)*name++;
  line[n++] = ' ';
  for (int shift = 28; shift >= 0; shift -= 4) line[n++] = (uint8_t)"0123456789abcdef"[checksum >> shift & 15];
  line[n++] = '\n';
  __wasi_ciovec_t out = {line, n};
  size_t written;
  (void)__wasi_fd_write(1, &out, 1, &written);
}

/// Defines `_start`; `expected` is the checksum of one repetition, which manifest.json lists.
#define KERNEL_MAIN(name, expected)                                     \
  void _start(void) {                                                   \
    uint32_t checksum = 0, wrong = 0;                                   \
    const uint32_t repeats = kernel_repeats();                          \
    for (uint32_t i = 0; i < repeats; i++) {                            \
      const uint32_t once = kernel(opaque_zero + i);                    \
      wrong |= i == 0 ? once != (expected) : once == 0;                 \
      checksum = i == 0 ? once : mix(checksum, once);                   \
    }                                                                   \
    kernel_print(name, checksum);                                       \
    if (wrong) __wasi_proc_exit(1);                                     \
  }

#endif
