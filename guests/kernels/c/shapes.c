// Objects with method tables: every step is a call_indirect through one of several signatures.
#include "kernel.h"

typedef struct Shape Shape;
typedef struct {
  double (*area)(const Shape *);
  void (*scale)(Shape *, float);
  uint64_t (*tag)(const Shape *, uint32_t);
} Methods;
struct Shape {
  const Methods *methods;
  float a, b, c;
};

static double circle_area(const Shape *s) { return 3.25 * (double)s->a * (double)s->a; }
static double box_area(const Shape *s) { return (double)s->a * (double)s->b; }
static double ring_area(const Shape *s) { return 3.25 * ((double)s->a * (double)s->a - (double)s->b * (double)s->b); }
static void scale_one(Shape *s, float k) { s->a *= k; }
static void scale_two(Shape *s, float k) { s->a *= k, s->b *= k; }
static void scale_clamped(Shape *s, float k) { s->a = s->a * k > 64 ? 1 : s->a * k, s->b = s->a / 2; }
static uint64_t plain_tag(const Shape *s, uint32_t n) { return n * 0x9e3779b97f4a7c15ull + (uint32_t)s->c; }
static uint64_t mixed_tag(const Shape *s, uint32_t n) { return plain_tag(s, n) ^ (uint64_t)(s->a * 16.0f); }

static const Methods kinds[] = {{circle_area, scale_one, plain_tag},
                                {box_area, scale_two, mixed_tag},
                                {ring_area, scale_clamped, plain_tag},
                                {box_area, scale_clamped, mixed_tag}};
static Shape shapes[256];

uint32_t kernel(uint32_t variation) {
  uint32_t seed = random_state(9, variation), sum = 0;
  for (int i = 0; i < 256; i++) {
    shapes[i] = (Shape){&kinds[random_next(&seed) & 3], (float)(i % 7 + 1), (float)(i % 5 + 1), (float)(i % 3)};
  }
  for (uint32_t round = 0; round < 60; round++) {
    double total = 0;
    for (int i = 0; i < 256; i++) {
      Shape *s = &shapes[i];
      total += s->methods->area(s);
      s->methods->scale(s, round & 1 ? 0.5f : 2.0f);
      sum = mix(sum, (uint32_t)(s->methods->tag(s, round) >> 17));
    }
    sum = mix(sum, (uint32_t)total);
  }
  return sum;
}

KERNEL_MAIN("shapes", 0xe0174543u)
