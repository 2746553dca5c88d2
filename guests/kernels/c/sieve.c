// Sieve of Eratosthenes over bytes: strided stores, then a scan.
#include "kernel.h"
#include <string.h>

#define LIMIT 200000
static uint8_t composite[LIMIT];

uint32_t kernel(uint32_t variation) {
  uint32_t sum = variation; // no data
  memset(composite, 0, sizeof composite);
  for (uint32_t i = 2; i * i < LIMIT; i++) {
    if (composite[i]) continue;
    for (uint32_t j = i * i; j < LIMIT; j += i) composite[j] = 1;
  }
  for (uint32_t i = 2; i < LIMIT; i++) {
    if (!composite[i]) sum = mix(sum, i);
  }
  return sum;
}

KERNEL_MAIN("sieve", 0x99c97153u)
