// A block compressor in the manner of bzip2: `compress [FILE]` compresses FILE (or a text that it makes up), decompresses
// the result, compares, and prints one line per block and a total. Exit code 1: something did not come back as it was.
#include "compress.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t block[BLOCK_MAX], column[BLOCK_MAX], restored[BLOCK_MAX], packed[BLOCK_MAX * 3];
static uint16_t symbols[BLOCK_MAX + 32], decoded[BLOCK_MAX + 32];
static uint32_t made_up = 250000;

/// Text with the statistics of a log file: the same words in changing order, numbers, now and then a long run.
static size_t make_up(uint8_t *out, size_t most) {
  static const char *const words[] = {"primary", "backup", "epoch", "acknowledged", "released", "entry", "guest", "\n"};
  static uint32_t seed = 20101;
  size_t size = 0;
  while (size + 40 < most && made_up > 0) {
    seed = seed * 1103515245 + 12345;
    uint32_t pick = seed >> 16;
    int n = pick % 11 == 0 ? snprintf((char *)out + size, 40, "%u ", (unsigned)(pick * 7))
                           : snprintf((char *)out + size, 40, "%s ", words[pick % 8]);
    if (pick % 101 == 0) memset(out + size, '=', 32), n = 32;
    size += (size_t)n;
    made_up = made_up > (uint32_t)n ? made_up - (uint32_t)n : 0;
  }
  return size;
}

static uint32_t checksum(const uint8_t *p, size_t size) {
  uint32_t sum = 2166136261u;
  while (size--) sum = (sum ^ *p++) * 16777619u;
  return sum;
}

/// Compresses and restores one block; returns the compressed size, or 0 if the block did not survive.
static size_t round_trip(size_t size) {
  uint32_t row = bwt_encode(block, size, column);
  size_t count = mtf_encode(column, size, symbols);
  size_t compressed = huffman_encode(symbols, count, packed);
  size_t again = huffman_decode(packed, compressed, decoded, sizeof decoded / sizeof *decoded);
  if (again != count || mtf_decode(decoded, again, column, BLOCK_MAX) != size) return 0;
  bwt_decode(column, size, row, restored);
  return memcmp(block, restored, size) == 0 ? compressed : 0;
}

int main(int argc, char **argv) {
  FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
  if (argc > 1 && !file) {
    perror(argv[1]);
    return 2;
  }
  size_t total = 0, total_packed = 0, size;
  while ((size = file ? fread(block, 1, BLOCK_MAX, file) : make_up(block, BLOCK_MAX)) > 0) {
    size_t compressed = round_trip(size);
    if (compressed == 0) {
      fprintf(stderr, "compress: the block at %zu did not survive\n", total);
      return 1;
    }
    printf("%zu -> %zu %08x\n", size, compressed, (unsigned)checksum(packed, compressed));
    total += size;
    total_packed += compressed;
  }
  printf("total %zu -> %zu\n", total, total_packed);
  return 0;
}
