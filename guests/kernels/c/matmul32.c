// Dense matrix product in f32 with the inner loop over columns, four rows at a time.
#include "kernel.h"
#include <string.h>

#define N 64
static float a[N][N], b[N][N], c[N][N];

static void fill(uint32_t seed) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      a[i][j] = (float)(random_next(&seed) & 63);
      b[i][j] = (float)(random_next(&seed) & 63);
    }
  }
}

NOINLINE static void multiply(void) {
  for (int i = 0; i < N; i += 4) {
    for (int k = 0; k < N; k++) {
      const float a0 = a[i][k], a1 = a[i + 1][k], a2 = a[i + 2][k], a3 = a[i + 3][k];
      for (int j = 0; j < N; j++) {
        c[i][j] += a0 * b[k][j];
        c[i + 1][j] += a1 * b[k][j];
        c[i + 2][j] += a2 * b[k][j];
        c[i + 3][j] += a3 * b[k][j];
      }
    }
  }
}

uint32_t kernel(uint32_t variation) {
  fill(random_state(777, variation));
  memset(c, 0, sizeof c);
  multiply();
  uint32_t checksum = 0;
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) checksum = mix(checksum, (uint32_t)c[i][j]);
  }
  return checksum;
}

KERNEL_MAIN("matmul32", 0xd24fe269u)
