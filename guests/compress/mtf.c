// Move to front, with runs of rank 0 written in bijective base 2 (digits 0 and 1); rank r becomes symbol r + 1.
#include "compress.h"
#include <string.h>

#define END_OF_BLOCK (SYMBOLS - 1)

static uint8_t take(uint8_t *list, int at) {
  uint8_t value = list[at];
  memmove(list + 1, list, (size_t)at);
  return list[0] = value;
}

static size_t put_run(uint16_t *symbols, size_t count, size_t run) {
  for (; run > 0; run = (run - 1) / 2) symbols[count++] = (uint16_t)((run - 1) & 1);
  return count;
}

size_t mtf_encode(const uint8_t *in, size_t size, uint16_t *symbols) {
  uint8_t list[256];
  size_t count = 0, run = 0;
  for (int i = 0; i < 256; i++) list[i] = (uint8_t)i;
  for (size_t i = 0; i < size; i++) {
    int at = (int)((const uint8_t *)memchr(list, in[i], 256) - list);
    take(list, at);
    if (at == 0) {
      run++;
    } else {
      count = put_run(symbols, count, run);
      run = 0;
      symbols[count++] = (uint16_t)(at + 1);
    }
  }
  count = put_run(symbols, count, run);
  symbols[count++] = END_OF_BLOCK;
  return count;
}

size_t mtf_decode(const uint16_t *symbols, size_t count, uint8_t *out, size_t size) {
  uint8_t list[256];
  size_t length = 0, weight = 1;
  for (int i = 0; i < 256; i++) list[i] = (uint8_t)i;
  for (size_t i = 0; i < count && symbols[i] != END_OF_BLOCK; i++) {
    if (symbols[i] > 1) {
      if (length >= size) return 0;
      out[length++] = take(list, symbols[i] - 1);
      weight = 1;
      continue;
    }
    size_t run = weight * (symbols[i] + 1u);
    weight *= 2;
    if (run > size - length) return 0;
    memset(out + length, list[0], run);
    length += run;
  }
  return length;
}
