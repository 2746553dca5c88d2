// Random bytes: every length, never twice the same, no byte beyond the buffer touched. The bytes go to stderr.
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

static uint8_t first[5000], second[5000];

int main(void) {
  static const size_t sizes[] = {0, 1, 7, 64, 255, 256, 257, 4096, 4999};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    size_t size = sizes[i], zeros = 0;
    memset(first, 0xaa, sizeof first);
    if (__wasi_random_get(first, size) || __wasi_random_get(second, size)) return 1;
    if (first[size] != 0xaa) printf("wrote beyond %zu bytes\n", size);
    for (size_t k = 0; k < size; k++) zeros += first[k] == 0;
    int differ = size < 16 || memcmp(first, second, size) != 0;
    printf("%zu: new each time %d, plausible %d\n", size, differ, zeros < 8 + size / 64);
    for (size_t k = 0; k < size && k < 32; k++) fprintf(stderr, "%02x", first[k]);
    fputc('\n', stderr);
  }
  return 0;
}
