// Dense matrix product in f64, row by column.
#include "kernel.h"

#define N 64
static double a[N][N], b[N][N], c[N][N];

static void fill(uint32_t seed) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      a[i][j] = (double)(random_next(&seed) & 1023) / 64.0;
      b[i][j] = (double)(random_next(&seed) & 1023) / 128.0;
    }
  }
}

uint32_t kernel(uint32_t variation) {
  fill(random_state(12345, variation));
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      double sum = 0;
      for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
  uint32_t checksum = 0;
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) checksum = mix(checksum, (uint32_t)(c[i][j] * 16.0));
  }
  return checksum;
}

KERNEL_MAIN("matmul", 0xc12a54a2u)
