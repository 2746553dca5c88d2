// Canonical Huffman codes: lengths by merging the two lightest nodes, at most LENGTH_MAX bits, bits from high to low.
#include "compress.h"
#include <string.h>

#define LENGTH_MAX 20

static uint8_t lengths[SYMBOLS];

static int lightest(const uint64_t *weight, const int *alive, int count) {
  int best = -1;
  for (int i = 0; i < count; i++) {
    if (alive[i] && (best < 0 || weight[i] < weight[best])) best = i;
  }
  return best;
}

/// Sets `lengths` for the given weights; returns whether none is too long.
static int assign_lengths(const uint64_t *weights) {
  static uint64_t weight[2 * SYMBOLS];
  static int alive[2 * SYMBOLS], parent[2 * SYMBOLS];
  int count = SYMBOLS, top = -1;
  for (int i = 0; i < SYMBOLS; i++) weight[i] = weights[i], alive[i] = weights[i] > 0;
  for (;;) {
    int a = lightest(weight, alive, count);
    alive[a] = 0;
    int b = lightest(weight, alive, count);
    if (b < 0) {
      top = a;
      break;
    }
    alive[b] = 0;
    parent[a] = parent[b] = count;
    weight[count] = weight[a] + weight[b];
    alive[count++] = 1;
  }
  int longest = 0;
  for (int i = 0; i < SYMBOLS; i++) {
    int length = top == i; // a lone symbol still needs one bit
    for (int node = i; weights[i] && node != top; node = parent[node]) length++;
    lengths[i] = (uint8_t)length;
    if (length > longest) longest = length;
  }
  return longest <= LENGTH_MAX;
}

/// First code and first index of each length, and the symbols in order of (length, number).
typedef struct {
  uint32_t first_code[LENGTH_MAX + 2], first_index[LENGTH_MAX + 2], count[LENGTH_MAX + 2];
  uint16_t sorted[SYMBOLS];
} Codes;

static void make_codes(Codes *codes) {
  uint32_t index = 0, code = 0;
  memset(codes, 0, sizeof *codes);
  for (int length = 1; length <= LENGTH_MAX; length++) {
    codes->first_code[length] = code;
    codes->first_index[length] = index;
    for (int s = 0; s < SYMBOLS; s++) {
      if (lengths[s] == length) codes->sorted[index++] = (uint16_t)s;
    }
    codes->count[length] = index - codes->first_index[length];
    code = (code + codes->count[length]) << 1;
  }
}

size_t huffman_encode(const uint16_t *symbols, size_t count, uint8_t *out) {
  uint64_t weights[SYMBOLS] = {0}, bits = 0;
  uint32_t code_of[SYMBOLS] = {0};
  Codes codes;
  for (size_t i = 0; i < count; i++) weights[symbols[i]]++;
  while (!assign_lengths(weights)) {
    for (int s = 0; s < SYMBOLS; s++) weights[s] = (weights[s] + 1) / 2;
  }
  make_codes(&codes);
  for (int length = 1; length <= LENGTH_MAX; length++) {
    for (uint32_t i = 0; i < codes.count[length]; i++) {
      code_of[codes.sorted[codes.first_index[length] + i]] = codes.first_code[length] + i;
    }
  }
  memcpy(out, lengths, SYMBOLS);
  size_t size = SYMBOLS;
  int held = 0;
  for (size_t i = 0; i < count; i++) {
    bits = bits << lengths[symbols[i]] | code_of[symbols[i]];
    for (held += lengths[symbols[i]]; held >= 8; held -= 8) out[size++] = (uint8_t)(bits >> (held - 8));
  }
  if (held > 0) out[size++] = (uint8_t)(bits << (8 - held));
  return size;
}

size_t huffman_decode(const uint8_t *in, size_t size, uint16_t *symbols, size_t most) {
  Codes codes;
  size_t count = 0;
  uint32_t code = 0;
  int length = 0;
  memcpy(lengths, in, SYMBOLS);
  make_codes(&codes);
  for (size_t bit = SYMBOLS * 8; bit < size * 8; bit++) {
    code = code << 1 | (in[bit / 8] >> (7 - bit % 8) & 1u);
    if (++length > LENGTH_MAX) return 0;
    if (code - codes.first_code[length] >= codes.count[length]) continue;
    if (count >= most) return 0;
    symbols[count] = codes.sorted[codes.first_index[length] + code - codes.first_code[length]];
    if (symbols[count++] == SYMBOLS - 1) return count;
    code = 0;
    length = 0;
  }
  return 0;
}
