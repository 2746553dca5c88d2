// Escape times of the Mandelbrot set: a data-dependent f64 loop.
#include "kernel.h"

NOINLINE static uint32_t escape_time(double cx, double cy) {
  double x = 0, y = 0;
  uint32_t n = 0;
  while (n < 200 && x * x + y * y <= 4.0) {
    double t = x * x - y * y + cx;
    y = 2 * x * y + cy;
    x = t;
    n++;
  }
  return n;
}

uint32_t kernel(uint32_t variation) {
  uint32_t sum = 0;
  const double left = -2.0 + variation % 64 * (3.0 / 96 / 64); // within one column
  for (int row = 0; row < 64; row++) {
    for (int column = 0; column < 96; column++) {
      sum = mix(sum, escape_time(left + column * (3.0 / 96), -1.0 + row * (2.0 / 64)));
    }
  }
  return sum;
}

KERNEL_MAIN("mandelbrot", 0x88337eb6u)
