// Radix-2 FFT of 2048 points, forward and back, with a twiddle table made by rotation.
#include "kernel.h"

#define N 2048
static double re[N], im[N], cosine[N / 2], sine[N / 2];

/// Twiddles by repeated complex multiplication: no library call, so the same bits everywhere.
static void make_twiddles(void) {
  const double c = 0.99999529380957619, s = 0.0030679567629659761; // cos and sin of 2 pi / 2048
  cosine[0] = 1, sine[0] = 0;
  for (int i = 1; i < N / 2; i++) {
    cosine[i] = cosine[i - 1] * c - sine[i - 1] * s;
    sine[i] = sine[i - 1] * c + cosine[i - 1] * s;
  }
}

static void swap(double *a, int i, int j) {
  double t = a[i];
  a[i] = a[j];
  a[j] = t;
}

NOINLINE static void transform(double direction) {
  for (int i = 1, j = 0; i < N; i++) {
    int bit = N >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) swap(re, i, j), swap(im, i, j);
  }
  for (int size = 2; size <= N; size *= 2) {
    int half = size / 2, stride = N / size;
    for (int start = 0; start < N; start += size) {
      for (int k = 0; k < half; k++) {
        double c = cosine[k * stride], s = sine[k * stride] * direction;
        int a = start + k, b = a + half;
        double tr = re[b] * c - im[b] * s, ti = re[b] * s + im[b] * c;
        re[b] = re[a] - tr, im[b] = im[a] - ti;
        re[a] += tr, im[a] += ti;
      }
    }
  }
}

uint32_t kernel(uint32_t variation) {
  uint32_t seed = random_state(3, variation), sum = 0;
  make_twiddles();
  for (int i = 0; i < N; i++) re[i] = (double)(random_next(&seed) & 255), im[i] = 0;
  transform(-1);
  for (int i = 0; i < N; i++) sum = mix(sum, (uint32_t)(int32_t)(re[i] * 16));
  transform(1);
  seed = random_state(3, variation);
  for (int i = 0; i < N; i++) {
    if ((uint32_t)(int32_t)(re[i] / N + 0.5) != (random_next(&seed) & 255)) return 0;
  }
  return sum;
}

KERNEL_MAIN("fft", 0xf3595aeeu)
