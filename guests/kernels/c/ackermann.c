// Ackermann's function: deep recursion with a tiny frame.
#include "kernel.h"

NOINLINE static uint32_t ackermann(uint32_t m, uint32_t n) {
  if (m == 0) return n + 1;
  if (n == 0) return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

uint32_t kernel(uint32_t variation) {
  (void)variation; // no data
  return mix(0, ackermann(2, 150 + opaque_zero) + ackermann(3, 5 + opaque_zero));
}

KERNEL_MAIN("ackermann", 0xa07d0c94u)
