// Memory that nobody wrote: stack slots of finished calls, freed and reused heap blocks, fresh pages, static zeros. What is
// read is undefined in C but not in WebAssembly: the sums must be equal in every run.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint8_t zeros[3000];

static uint32_t sum_bytes(const volatile uint8_t *p, size_t size) {
  uint32_t sum = 17;
  while (size--) sum = sum * 31 + *p++;
  return sum;
}

__attribute__((noinline)) static uint32_t dirty_stack(uint32_t seed) {
  volatile uint8_t local[400];
  for (size_t i = 0; i < sizeof local; i++) local[i] = (uint8_t)(seed += i * 7);
  return sum_bytes(local, sizeof local);
}

__attribute__((noinline)) static uint32_t read_stack(void) {
  volatile uint8_t local[400];
  return sum_bytes(local, sizeof local);
}

int main(void) {
  printf("static %08x\n", (unsigned)sum_bytes(zeros, sizeof zeros));
  printf("written stack %08x\n", (unsigned)dirty_stack(3));
  printf("stack says something: %d\n", read_stack() != 0);
  for (int round = 0; round < 3; round++) {
    uint8_t *block = malloc(1000 + (size_t)round * 500);
    uint32_t before = sum_bytes(block, 1000);
    for (int i = 0; i < 1000; i++) block[i] = (uint8_t)(i + round);
    fprintf(stderr, "heap %08x\n", (unsigned)before);
    free(block);
  }
  size_t old = __builtin_wasm_memory_grow(0, 2);
  uint32_t fresh = 0;
  for (size_t i = 0; i < 2 * 65536; i++) fresh |= ((volatile uint8_t *)(old * 65536))[i];
  printf("fresh pages are zero: %d\n", fresh == 0);
  return 0;
}
