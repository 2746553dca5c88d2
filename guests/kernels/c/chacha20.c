// ChaCha20 (RFC 8439) key stream over a 16 KiB buffer: sixteen words in registers.
#include "kernel.h"

#define BLOCKS 256
static uint32_t stream[BLOCKS * 16];

static inline uint32_t rotate(uint32_t x, int n) { return x << n | x >> (32 - n); }

#define QUARTER(a, b, c, d)                                   \
  a += b, d = rotate(d ^ a, 16), c += d, b = rotate(b ^ c, 12), \
  a += b, d = rotate(d ^ a, 8), c += d, b = rotate(b ^ c, 7)

NOINLINE static void block(uint32_t out[16], const uint32_t in[16]) {
  uint32_t x[16];
  for (int i = 0; i < 16; i++) x[i] = in[i];
  for (int round = 0; round < 10; round++) {
    QUARTER(x[0], x[4], x[8], x[12]);
    QUARTER(x[1], x[5], x[9], x[13]);
    QUARTER(x[2], x[6], x[10], x[14]);
    QUARTER(x[3], x[7], x[11], x[15]);
    QUARTER(x[0], x[5], x[10], x[15]);
    QUARTER(x[1], x[6], x[11], x[12]);
    QUARTER(x[2], x[7], x[8], x[13]);
    QUARTER(x[3], x[4], x[9], x[14]);
  }
  for (int i = 0; i < 16; i++) out[i] = x[i] + in[i];
}

uint32_t kernel(uint32_t variation) {
  uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}, sum = 0;
  for (uint32_t i = 4; i < 12; i++) state[i] = i * 0x01010101;
  state[13] = variation; // of the nonce
  for (uint32_t i = 0; i < BLOCKS; i++) {
    state[12] = i;
    block(stream + i * 16, state);
  }
  for (uint32_t i = 0; i < BLOCKS * 16; i++) sum = mix(sum, stream[i]);
  return sum;
}

KERNEL_MAIN("chacha20", 0xb347be4fu)
