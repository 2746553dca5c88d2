// Clocks never step back, whatever is called in between; a sleep lasts at least as long as it was asked to. The readings
// themselves go to stderr, so that a replay has to reproduce them.
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <wasi/api.h>

static uint64_t read_clock(uint32_t id) {
  __wasi_timestamp_t now = 0;
  if (__wasi_clock_time_get(id, 1, &now)) printf("clock %u failed\n", (unsigned)id);
  return now;
}

int main(void) {
  uint64_t monotonic = read_clock(__WASI_CLOCKID_MONOTONIC), realtime = read_clock(__WASI_CLOCKID_REALTIME);
  int back = 0;
  for (int i = 0; i < 1000; i++) {
    uint64_t m = read_clock(__WASI_CLOCKID_MONOTONIC), r = read_clock(__WASI_CLOCKID_REALTIME);
    back += (m < monotonic) + (r < realtime);
    monotonic = m, realtime = r;
  }
  printf("steps back: %d\n", back);
  fprintf(stderr, "%" PRIu64 " %" PRIu64 "\n", monotonic, realtime);

  struct timespec pause = {0, 20 * 1000 * 1000};
  nanosleep(&pause, NULL);
  printf("slept long enough: %d\n", read_clock(__WASI_CLOCKID_MONOTONIC) - monotonic >= 20 * 1000 * 1000);
  printf("realtime followed: %d\n", read_clock(__WASI_CLOCKID_REALTIME) >= realtime);

  __wasi_timestamp_t resolution = 0;
  printf("resolution known: %d\n", !__wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &resolution) && resolution > 0);
  __wasi_timestamp_t unused;
  printf("unknown clock: errno %d\n", __wasi_clock_time_get(77, 1, &unused));
  return 0;
}
