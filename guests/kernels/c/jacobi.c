// Jacobi relaxation of a heated plate: a five-point stencil in f64.
#include "kernel.h"

#define SIDE 66
static double plate[2][SIDE][SIDE];

NOINLINE static double relax(const double from[SIDE][SIDE], double to[SIDE][SIDE]) {
  double change = 0;
  for (int y = 1; y < SIDE - 1; y++) {
    for (int x = 1; x < SIDE - 1; x++) {
      double value = 0.25 * (from[y - 1][x] + from[y + 1][x] + from[y][x - 1] + from[y][x + 1]);
      double difference = __builtin_fabs(value - from[y][x]);
      if (difference > change) change = difference;
      to[y][x] = value;
    }
  }
  return change;
}

uint32_t kernel(uint32_t variation) {
  uint32_t sum = 0;
  const double top = 100.0 + variation % 64;
  for (int y = 0; y < SIDE; y++) {
    for (int x = 0; x < SIDE; x++) plate[0][y][x] = plate[1][y][x] = y == 0 ? top : x == 0 ? 50.0 : 0.0;
  }
  for (int i = 0; i < 80; i++) sum = mix(sum, (uint32_t)(relax(plate[i & 1], plate[~i & 1]) * 1048576.0));
  for (int y = 0; y < SIDE; y++) {
    for (int x = 0; x < SIDE; x++) sum = mix(sum, (uint32_t)(plate[0][y][x] * 65536.0));
  }
  return sum;
}

KERNEL_MAIN("jacobi", 0xdf2631feu)
