// Two sorts of the same numbers: quicksort written out, and merge sort through a comparison callback.
#include "kernel.h"
#include <string.h>

#define COUNT 20000
static uint32_t values[COUNT], copy[COUNT], spare[COUNT];

NOINLINE static void quicksort(uint32_t *a, int low, int high) {
  while (low < high) {
    uint32_t pivot = a[low + (high - low) / 2];
    int i = low, j = high;
    while (i <= j) {
      while (a[i] < pivot) i++;
      while (a[j] > pivot) j--;
      if (i > j) break;
      uint32_t t = a[i];
      a[i++] = a[j];
      a[j--] = t;
    }
    quicksort(a, low, j);
    low = i;
  }
}

typedef int (*Compare)(uint32_t, uint32_t);
static int ascending(uint32_t x, uint32_t y) { return (x > y) - (x < y); }
static int by_low_bits(uint32_t x, uint32_t y) { return ascending(x & 0xffff, y & 0xffff); }

NOINLINE static void merge_sort(uint32_t *a, uint32_t *temp, int n, Compare compare) {
  if (n < 2) return;
  int half = n / 2, i = 0, j = half, k = 0;
  merge_sort(a, temp, half, compare);
  merge_sort(a + half, temp, n - half, compare);
  while (i < half && j < n) temp[k++] = compare(a[i], a[j]) <= 0 ? a[i++] : a[j++];
  while (i < half) temp[k++] = a[i++];
  while (j < n) temp[k++] = a[j++];
  memcpy(a, temp, (size_t)n * sizeof *a);
}

static volatile Compare orders[] = {ascending, by_low_bits};

uint32_t kernel(uint32_t variation) {
  uint32_t seed = random_state(2024, variation), sum = 0;
  for (int i = 0; i < COUNT; i++) values[i] = random_next(&seed);
  memcpy(copy, values, sizeof copy);
  quicksort(values, 0, COUNT - 1);
  merge_sort(copy, spare, COUNT, orders[1]);
  for (int i = 0; i < COUNT; i += 7) sum = mix(mix(sum, values[i]), copy[i]);
  return sum;
}

KERNEL_MAIN("quicksort", 0xd71e05edu)
