// LZ77 with a hash chain of one: compress generated text, decompress it, compare.
#include "kernel.h"
#include <string.h>

#define SIZE 32768
static uint8_t text[SIZE], packed[SIZE + SIZE / 8], unpacked[SIZE];
static uint32_t heads[4096];

static void make_text(uint32_t seed) {
  static const char words[] = "log replay backup primary epoch record guest output arbiter ";
  size_t from = 0;
  for (size_t i = 0; i < SIZE; i++) {
    if (words[from] == ' ' && (random_next(&seed) & 1)) from = random_next(&seed) % (sizeof words - 1);
    text[i] = (uint8_t)words[from];
    from = (from + 1) % (sizeof words - 1);
  }
}

static uint32_t load32(const uint8_t *p) {
  uint32_t value;
  memcpy(&value, p, 4);
  return value;
}

static size_t match_length(size_t a, size_t b) {
  size_t n = 0;
  while (b + n < SIZE && n < 255 && text[a + n] == text[b + n]) n++;
  return n;
}

/// Tokens: 0 and a literal, or length (4..255) and a 16-bit distance.
NOINLINE static size_t compress(void) {
  size_t out = 0;
  memset(heads, 0, sizeof heads);
  for (size_t i = 0; i < SIZE;) {
    size_t length = 0, distance = 0;
    if (i + 4 <= SIZE) {
      uint32_t slot = load32(text + i) * 2654435761u >> 20;
      if (heads[slot]) {
        distance = i + 1 - heads[slot];
        length = match_length(heads[slot] - 1, i);
      }
      heads[slot] = (uint32_t)i + 1;
    }
    if (length < 4) {
      packed[out++] = 0;
      packed[out++] = text[i++];
    } else {
      packed[out++] = (uint8_t)length;
      packed[out++] = (uint8_t)distance;
      packed[out++] = (uint8_t)(distance >> 8);
      i += length;
    }
  }
  return out;
}

NOINLINE static size_t decompress(size_t size) {
  size_t out = 0;
  for (size_t i = 0; i < size;) {
    size_t length = packed[i++];
    if (length == 0) {
      unpacked[out++] = packed[i++];
    } else {
      size_t distance = packed[i] | (size_t)packed[i + 1] << 8;
      for (i += 2; length > 0; length--, out++) unpacked[out] = unpacked[out - distance];
    }
  }
  return out;
}

uint32_t kernel(uint32_t variation) {
  make_text(random_state(17, variation));
  size_t size = compress();
  uint32_t sum = mix(0, (uint32_t)size);
  if (decompress(size) != SIZE || memcmp(text, unpacked, SIZE) != 0) return 0;
  for (size_t i = 0; i < size; i += 5) sum = mix(sum, packed[i]);
  return sum;
}

KERNEL_MAIN("lz", 0x5cb80ebbu)
