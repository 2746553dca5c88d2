// A 5x5 convolution in f32 over an image, then a clamp to bytes: mixed float and integer.
#include "kernel.h"

#define W 128
#define H 96
static uint8_t image[H][W], blurred[H][W];
static const float weights[5][5] = {{1, 4, 6, 4, 1}, {4, 16, 24, 16, 4}, {6, 24, 36, 24, 6}, {4, 16, 24, 16, 4}, {1, 4, 6, 4, 1}};

static int clamp(int value, int most) { return value < 0 ? 0 : value > most ? most : value; }

NOINLINE static void convolve(void) {
  for (int y = 0; y < H; y++) {
    for (int x = 0; x < W; x++) {
      float sum = 0;
      for (int dy = -2; dy <= 2; dy++) {
        const uint8_t *row = image[clamp(y + dy, H - 1)];
        for (int dx = -2; dx <= 2; dx++) sum += weights[dy + 2][dx + 2] * (float)row[clamp(x + dx, W - 1)];
      }
      blurred[y][x] = (uint8_t)clamp((int)(sum * (1.1f / 256.0f)), 255);
    }
  }
}

uint32_t kernel(uint32_t variation) {
  uint32_t seed = random_state(55, variation), sum = 0;
  for (int y = 0; y < H; y++) {
    for (int x = 0; x < W; x++) image[y][x] = (uint8_t)random_next(&seed);
  }
  convolve();
  for (int y = 0; y < H; y++) {
    for (int x = 0; x < W; x++) sum = mix(sum, blurred[y][x]);
  }
  return sum;
}

KERNEL_MAIN("convolution", 0x73dca7c9u)
