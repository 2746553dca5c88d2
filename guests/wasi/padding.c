// Every byte of a result struct is defined, padding included: the struct is filled with 0xaa before each call, and its
// bytes are printed as hex wherever they cannot depend on the host.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

static uint8_t buffer[128];

/// Says what a call left in the padding `[from, to)`.
static void print_padding(const char *what, size_t from, size_t to) {
  printf("%s:", what);
  for (size_t i = from; i < to; i++) printf(" %02x", buffer[i]);
  printf(" |");
  printf(" behind %s\n", buffer[sizeof buffer - 1] == 0xaa ? "untouched" : "WRITTEN");
}

int main(void) {
  memset(buffer, 0xaa, sizeof buffer);
  printf("fdstat %d\n", __wasi_fd_fdstat_get(1, (__wasi_fdstat_t *)buffer));
  print_padding("fdstat", 1, 2);
  print_padding("fdstat", 4, 8);

  memset(buffer, 0xaa, sizeof buffer);
  printf("prestat %d\n", __wasi_fd_prestat_get(3, (__wasi_prestat_t *)buffer));
  print_padding("prestat", 0, 8);

  memset(buffer, 0xaa, sizeof buffer);
  printf("filestat %d\n", __wasi_fd_filestat_get(3, (__wasi_filestat_t *)buffer));
  print_padding("filestat", 17, 24);

  __wasi_subscription_t subscription;
  memset(&subscription, 0x55, sizeof subscription);
  subscription.userdata = 0x1122334455667788;
  subscription.u.tag = __WASI_EVENTTYPE_CLOCK;
  subscription.u.u.clock = (__wasi_subscription_clock_t){.id = __WASI_CLOCKID_MONOTONIC, .timeout = 1000};
  __wasi_size_t count = 0;
  memset(buffer, 0xaa, sizeof buffer);
  int error = __wasi_poll_oneoff(&subscription, (__wasi_event_t *)buffer, 1, &count);
  printf("poll %d, events %zu\n", error, (size_t)count);
  print_padding("event", 0, 32);
  return 0;
}
