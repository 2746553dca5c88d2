// Dense matrix product in f32x4: four columns per step.
#include "kernel.h"
#include <wasm_simd128.h>

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

uint32_t kernel(uint32_t variation) {
  fill(random_state(777, variation));
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j += 4) {
      v128_t sum = wasm_f32x4_const_splat(0);
      for (int k = 0; k < N; k++) {
        v128_t product = wasm_f32x4_mul(wasm_f32x4_splat(a[i][k]), wasm_v128_load(&b[k][j]));
        sum = wasm_f32x4_add(sum, product);
      }
      wasm_v128_store(&c[i][j], sum);
    }
  }
  uint32_t checksum = 0;
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) checksum = mix(checksum, (uint32_t)c[i][j]);
  }
  return checksum;
}

KERNEL_MAIN("matmul_simd", 0xd24fe269u)
