// Doubly recursive Fibonacci: nothing but calls.
#include "kernel.h"

NOINLINE static uint32_t fib(uint32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

uint32_t kernel(uint32_t variation) {
  (void)variation; // no data
  return mix(0, fib(24 + opaque_zero));
}

KERNEL_MAIN("fib", 0xfff8a4d2u)
