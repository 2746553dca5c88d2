// Schoolbook big integers: a multiple of 200 factorial by limbs, then squaring with 64-bit products and carries.
#include "kernel.h"
#include <string.h>

#define LIMBS 512
typedef struct {
  uint32_t size, limb[LIMBS];
} Big;

NOINLINE static void multiply_small(Big *a, uint32_t factor) {
  uint64_t carry = 0;
  for (uint32_t i = 0; i < a->size; i++) {
    carry += (uint64_t)a->limb[i] * factor;
    a->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) a->limb[a->size++] = (uint32_t)carry;
}

NOINLINE static void multiply(Big *result, const Big *a, const Big *b) {
  memset(result, 0, sizeof *result);
  for (uint32_t i = 0; i < a->size; i++) {
    uint64_t carry = 0;
    for (uint32_t j = 0; j < b->size; j++) {
      carry += (uint64_t)a->limb[i] * b->limb[j] + result->limb[i + j];
      result->limb[i + j] = (uint32_t)carry;
      carry >>= 32;
    }
    result->limb[i + b->size] = (uint32_t)carry;
  }
  result->size = a->size + b->size;
  while (result->size > 1 && result->limb[result->size - 1] == 0) result->size--;
}

NOINLINE static uint32_t remainder_small(const Big *a, uint32_t divisor) {
  uint64_t rest = 0;
  for (uint32_t i = a->size; i-- > 0;) rest = (rest << 32 | a->limb[i]) % divisor;
  return (uint32_t)rest;
}

uint32_t kernel(uint32_t variation) {
  static Big n, square, fourth;
  uint32_t sum = 0;
  n = (Big){1, {1 + variation}};
  for (uint32_t i = 2; i <= 200; i++) multiply_small(&n, i);
  multiply(&square, &n, &n);
  multiply(&fourth, &square, &square);
  for (uint32_t i = 0; i < fourth.size; i++) sum = mix(sum, fourth.limb[i]);
  for (uint32_t divisor = 211; divisor < 260; divisor++) sum = mix(sum, remainder_small(&fourth, divisor));
  return sum;
}

KERNEL_MAIN("bigint", 0x2ba0b6fbu)
