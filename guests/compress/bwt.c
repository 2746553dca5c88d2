// The Burrows-Wheeler transform by prefix doubling: O(n log^2 n) whatever the input, no recursion on it.
#include "compress.h"
#include <stdlib.h>
#include <string.h>

static uint32_t order[BLOCK_MAX], rank[BLOCK_MAX], next_rank[BLOCK_MAX];
static size_t length, step;

static int compare_rotations(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  if (rank[a] != rank[b]) return rank[a] < rank[b] ? -1 : 1;
  uint32_t ra = rank[(a + step) % length], rb = rank[(b + step) % length];
  return ra != rb ? (ra < rb ? -1 : 1) : 0;
}

/// Numbers the sorted rotations, equal ones alike; returns whether all differ.
static int renumber(void) {
  next_rank[order[0]] = 0;
  for (size_t i = 1; i < length; i++) {
    next_rank[order[i]] = next_rank[order[i - 1]] + (compare_rotations(&order[i - 1], &order[i]) != 0);
  }
  memcpy(rank, next_rank, length * sizeof *rank);
  return rank[order[length - 1]] == length - 1;
}

uint32_t bwt_encode(const uint8_t *in, size_t size, uint8_t *out) {
  uint32_t row = 0;
  length = size;
  for (size_t i = 0; i < size; i++) order[i] = (uint32_t)i, rank[i] = in[i];
  step = 0;
  do {
    qsort(order, size, sizeof *order, compare_rotations);
    if (renumber()) break;
    step = step ? step * 2 : 1;
  } while (step < size);
  for (size_t i = 0; i < size; i++) {
    if (order[i] == 0) row = (uint32_t)i;
    out[i] = in[(order[i] + size - 1) % size];
  }
  return row;
}

void bwt_decode(const uint8_t *in, size_t size, uint32_t row, uint8_t *out) {
  uint32_t starts[257] = {0};
  for (size_t i = 0; i < size; i++) starts[in[i] + 1]++;
  for (int c = 0; c < 256; c++) starts[c + 1] += starts[c];
  for (size_t i = 0; i < size; i++) order[starts[in[i]]++] = (uint32_t)i;
  for (size_t i = 0; i < size; i++) {
    row = order[row];
    out[i] = in[row];
  }
}
