// Base64 there and back: table look-ups and bit packing on bytes.
#include "kernel.h"
#include <string.h>

#define SIZE 24576
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static uint8_t data[SIZE], decoded[SIZE], reverse[256];
static char encoded[SIZE / 3 * 4];

NOINLINE static void encode(void) {
  char *out = encoded;
  for (size_t i = 0; i < SIZE; i += 3) {
    uint32_t group = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) *out++ = alphabet[group >> shift & 63];
  }
}

NOINLINE static void decode(void) {
  uint8_t *out = decoded;
  for (size_t i = 0; i < sizeof encoded; i += 4) {
    uint32_t group = 0;
    for (size_t j = 0; j < 4; j++) group = group << 6 | reverse[(uint8_t)encoded[i + j]];
    *out++ = (uint8_t)(group >> 16);
    *out++ = (uint8_t)(group >> 8);
    *out++ = (uint8_t)group;
  }
}

uint32_t kernel(uint32_t variation) {
  uint32_t seed = random_state(64, variation), sum = 0;
  for (uint32_t i = 0; i < 64; i++) reverse[(uint8_t)alphabet[i]] = (uint8_t)i;
  for (size_t i = 0; i < SIZE; i++) data[i] = (uint8_t)random_next(&seed);
  encode();
  decode();
  if (memcmp(data, decoded, SIZE) != 0) return 0;
  for (size_t i = 0; i < sizeof encoded; i += 3) sum = mix(sum, (uint8_t)encoded[i]);
  return sum;
}

KERNEL_MAIN("base64", 0x75c3141cu)
