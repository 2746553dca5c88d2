// Integer SIMD: dot products of i8 vectors, saturating adds, byte shuffles and a horizontal search.
#include "kernel.h"
#include <wasm_simd128.h>

#define SIZE 4096
static int8_t x[SIZE], y[SIZE];

NOINLINE static int32_t dot(void) {
  v128_t sum = wasm_i32x4_const_splat(0);
  for (int i = 0; i < SIZE; i += 16) {
    v128_t u = wasm_v128_load(x + i), v = wasm_v128_load(y + i);
    sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(u), wasm_i16x8_extend_low_i8x16(v)));
    sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(u), wasm_i16x8_extend_high_i8x16(v)));
  }
  return wasm_i32x4_extract_lane(sum, 0) + wasm_i32x4_extract_lane(sum, 1) + wasm_i32x4_extract_lane(sum, 2) +
         wasm_i32x4_extract_lane(sum, 3);
}

NOINLINE static void blend(void) {
  for (int i = 0; i < SIZE; i += 16) {
    v128_t u = wasm_v128_load(x + i), v = wasm_v128_load(y + i);
    v128_t reversed = wasm_i8x16_shuffle(u, u, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    v128_t mask = wasm_i8x16_gt(u, v);
    wasm_v128_store(x + i, wasm_v128_bitselect(reversed, wasm_i8x16_add_sat(u, v), mask));
  }
}

NOINLINE static uint32_t count_equal(int8_t value) {
  uint32_t count = 0;
  for (int i = 0; i < SIZE; i += 16) {
    uint32_t bits = wasm_i8x16_bitmask(wasm_i8x16_eq(wasm_v128_load(x + i), wasm_i8x16_splat(value)));
    count += (uint32_t)__builtin_popcount(bits);
  }
  return count;
}

uint32_t kernel(uint32_t variation) {
  uint32_t seed = random_state(4242, variation), sum = 0;
  for (int i = 0; i < SIZE; i++) {
    x[i] = (int8_t)random_next(&seed);
    y[i] = (int8_t)random_next(&seed);
  }
  for (int round = 0; round < 16; round++) {
    sum = mix(sum, (uint32_t)dot());
    blend();
    sum = mix(sum, count_equal((int8_t)round));
  }
  return sum;
}

KERNEL_MAIN("dot_simd", 0xdd453e09u)
