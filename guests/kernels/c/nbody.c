// Planets around a sun, leapfrog steps: f64 arithmetic with divisions and square roots.
#include "kernel.h"
#include <string.h>

typedef struct {
  double x, y, z, vx, vy, vz, mass;
} Body;

#define BODIES 5
static Body bodies[BODIES];

static void reset(double rise) {
  for (int i = 0; i < BODIES; i++) {
    bodies[i] = (Body){i * 1.5, i * 0.25, -0.125 * i, 0.0, i ? 1.0 / (1 + i) : 0.0, rise * i, i ? 0.001 * i : 1.0};
  }
}

NOINLINE static void advance(double dt) {
  for (int i = 0; i < BODIES; i++) {
    Body *a = &bodies[i];
    for (int j = i + 1; j < BODIES; j++) {
      Body *b = &bodies[j];
      double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      double square = dx * dx + dy * dy + dz * dz;
      double force = dt / (square * __builtin_sqrt(square));
      a->vx -= dx * b->mass * force, a->vy -= dy * b->mass * force, a->vz -= dz * b->mass * force;
      b->vx += dx * a->mass * force, b->vy += dy * a->mass * force, b->vz += dz * a->mass * force;
    }
  }
  for (Body *b = bodies; b < bodies + BODIES; b++) b->x += dt * b->vx, b->y += dt * b->vy, b->z += dt * b->vz;
}

uint32_t kernel(uint32_t variation) {
  uint32_t sum = 0;
  reset(0.0625 * (1 + variation % 64 / 64.0));
  for (int i = 0; i < 5000; i++) advance(0.001);
  for (int i = 0; i < BODIES; i++) {
    uint32_t words[sizeof(Body) / 4];
    memcpy(words, &bodies[i], sizeof words);
    for (size_t w = 0; w < sizeof(Body) / 4; w++) sum = mix(sum, words[w]);
  }
  return sum;
}

KERNEL_MAIN("nbody", 0x5c4cadfcu)
