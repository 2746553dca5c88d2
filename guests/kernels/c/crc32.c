// CRC-32 three ways: bit by bit, by a 256-entry table, and by four tables at once.
#include "kernel.h"
#include <string.h>

#define SIZE 16384
static uint8_t data[SIZE];
static uint32_t table[4][256];

static void build_tables(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
    table[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; i++) {
    for (int t = 1; t < 4; t++) table[t][i] = table[t - 1][i] >> 8 ^ table[0][table[t - 1][i] & 255];
  }
}

NOINLINE static uint32_t crc_bits(const uint8_t *p, size_t n) {
  uint32_t crc = ~0u;
  while (n--) {
    crc ^= *p++;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  return ~crc;
}

NOINLINE static uint32_t crc_bytes(const uint8_t *p, size_t n) {
  uint32_t crc = ~0u;
  while (n--) crc = crc >> 8 ^ table[0][(crc ^ *p++) & 255];
  return ~crc;
}

NOINLINE static uint32_t crc_words(const uint8_t *p, size_t n) {
  uint32_t crc = ~0u, word;
  for (; n >= 4; n -= 4, p += 4) {
    memcpy(&word, p, 4);
    crc ^= word;
    crc = table[3][crc & 255] ^ table[2][crc >> 8 & 255] ^ table[1][crc >> 16 & 255] ^ table[0][crc >> 24];
  }
  return ~crc;
}

uint32_t kernel(uint32_t variation) {
  uint32_t seed = random_state(31337, variation);
  build_tables();
  for (int i = 0; i < SIZE; i++) data[i] = (uint8_t)random_next(&seed);
  uint32_t bits = crc_bits(data, SIZE / 4), bytes = crc_bytes(data, SIZE), words = crc_words(data, SIZE);
  return bytes == words && bits == crc_bytes(data, SIZE / 4) ? mix(mix(0, bits), bytes) : 0;
}

KERNEL_MAIN("crc32", 0x84e6cf5fu)
