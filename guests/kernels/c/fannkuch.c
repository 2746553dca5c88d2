// Fannkuch: flips of every permutation of eight pancakes; short loops over small arrays.
#include "kernel.h"

#define N 8

NOINLINE static uint32_t count_flips(const uint8_t *permutation) {
  uint8_t p[N];
  uint32_t flips = 0;
  for (int i = 0; i < N; i++) p[i] = permutation[i];
  for (uint8_t first = p[0]; first != 0; first = p[0], flips++) {
    for (int i = 0, j = first; i < j; i++, j--) {
      uint8_t t = p[i];
      p[i] = p[j];
      p[j] = t;
    }
  }
  return flips;
}

/// Rotates the first `n + 1` elements left by one: the next permutation in Fannkuch order.
static void rotate_prefix(uint8_t *p, int n) {
  uint8_t first = p[0];
  for (int i = 0; i < n; i++) p[i] = p[i + 1];
  p[n] = first;
}

uint32_t kernel(uint32_t variation) {
  uint8_t p[N], count[N] = {0};
  uint32_t sum = 0, most = 0;
  permutation(p, N, variation);
  for (int n = 1; n < N;) {
    if (n == 1) {
      uint32_t flips = count_flips(p);
      sum = mix(sum, flips);
      if (flips > most) most = flips;
    }
    rotate_prefix(p, n);
    if (++count[n] <= n) {
      n = 1;
    } else {
      count[n++] = 0;
    }
  }
  return mix(sum, most);
}

KERNEL_MAIN("fannkuch", 0xf5451017u)
