// SipHash-2-4 of many short messages: 64-bit adds, rotates and unaligned loads.
#include "kernel.h"
#include <string.h>

static inline uint64_t rotate(uint64_t x, int n) { return x << n | x >> (64 - n); }

static inline void sip_round(uint64_t v[4]) {
  v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
  v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

static void absorb(uint64_t v[4], uint64_t word) {
  v[3] ^= word;
  sip_round(v);
  sip_round(v);
  v[0] ^= word;
}

NOINLINE static uint64_t siphash(const uint8_t *data, size_t size, uint64_t k0, uint64_t k1) {
  uint64_t v[4] = {k0 ^ 0x736f6d6570736575ull, k1 ^ 0x646f72616e646f6dull, k0 ^ 0x6c7967656e657261ull,
                   k1 ^ 0x7465646279746573ull};
  uint64_t word, last = (uint64_t)size << 56;
  for (; size >= 8; size -= 8, data += 8) {
    memcpy(&word, data, 8);
    absorb(v, word);
  }
  for (size_t i = 0; i < size; i++) last |= (uint64_t)data[i] << 8 * i;
  absorb(v, last);
  v[2] ^= 0xff;
  for (int i = 0; i < 4; i++) sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint32_t kernel(uint32_t variation) {
  uint8_t message[64];
  uint32_t sum = 0;
  for (uint32_t i = 0; i < sizeof message; i++) message[i] = (uint8_t)(i * 7);
  for (uint32_t i = 0; i < 8000; i++) {
    uint64_t value = siphash(message + i % 16, 3 + i % 45, (uint64_t)variation << 32 | i, ~(uint64_t)i);
    sum = mix(mix(sum, (uint32_t)value), (uint32_t)(value >> 32));
  }
  return sum;
}

KERNEL_MAIN("siphash", 0x257e6be7u)
