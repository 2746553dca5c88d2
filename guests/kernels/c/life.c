// Conway's Life on a torus, one byte per cell: neighbour sums with wrap-around.
#include "kernel.h"

#define SIDE 64
static uint8_t world[2][SIDE][SIDE];

NOINLINE static void step(const uint8_t from[SIDE][SIDE], uint8_t to[SIDE][SIDE]) {
  for (int y = 0; y < SIDE; y++) {
    const uint8_t *up = from[(y + SIDE - 1) % SIDE], *row = from[y], *down = from[(y + 1) % SIDE];
    for (int x = 0; x < SIDE; x++) {
      int left = (x + SIDE - 1) % SIDE, right = (x + 1) % SIDE;
      int around = up[left] + up[x] + up[right] + row[left] + row[right] + down[left] + down[x] + down[right];
      to[y][x] = around == 3 || (around == 2 && row[x]);
    }
  }
}

uint32_t kernel(uint32_t variation) {
  uint32_t seed = random_state(8, variation), sum = 0;
  for (int y = 0; y < SIDE; y++) {
    for (int x = 0; x < SIDE; x++) world[0][y][x] = random_next(&seed) >> 8 & 1;
  }
  for (int generation = 0; generation < 50; generation++) {
    step(world[generation & 1], world[~generation & 1]);
    uint32_t alive = 0;
    for (int y = 0; y < SIDE; y++) alive += world[~generation & 1][y][y];
    sum = mix(sum, alive);
  }
  for (int y = 0; y < SIDE; y++) {
    for (int x = 0; x < SIDE; x++) sum = mix(sum, world[0][y][x]);
  }
  return sum;
}

KERNEL_MAIN("life", 0xa126d6ceu)
