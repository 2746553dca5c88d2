// String work as programs do it: tokenise, search, compare, convert numbers, join.
#include "kernel.h"
#include <string.h>

static const char source[] =
    "GET /index?id=42 HTTP/1.1;Host: example;Accept: text/html;Content-Length: 1234;X-Trace: deadbeef;Cookie: a=1&b=22;";
static char work[sizeof source], output[1024];

static char *append_number(char *out, uint32_t value) {
  char digits[10];
  int n = 0;
  do digits[n++] = (char)('0' + value % 10);
  while (value /= 10);
  while (n > 0) *out++ = digits[--n];
  return out;
}

static uint32_t parse_number(const char *p) {
  uint32_t value = 0;
  while (*p >= '0' && *p <= '9') value = value * 10 + (uint32_t)(*p++ - '0');
  return value;
}

static void upper_case(char *p) {
  for (; *p; p++) {
    if (*p >= 'a' && *p <= 'z') *p -= 32;
  }
}

/// Rewrites every header of the request as NAME=length:number and returns the end of the output.
NOINLINE static char *rewrite(char *out, uint32_t offset) {
  memcpy(work, source, sizeof source);
  for (char *line = work, *end; (end = strchr(line, ';')); line = end + 1) {
    *end = 0;
    char *colon = strstr(line, ": ");
    if (!colon) continue;
    *colon = 0;
    upper_case(line);
    size_t length = strlen(line);
    memmove(out, line, length);
    out += length;
    *out++ = strcmp(line, "HOST") ? '=' : '@';
    out = append_number(out, (uint32_t)strlen(colon + 2));
    *out++ = ':';
    out = append_number(out, parse_number(colon + 2) + offset);
  }
  return out;
}

uint32_t kernel(uint32_t zero) {
  uint32_t sum = zero;
  for (uint32_t round = 0; round < 500; round++) {
    char *end = rewrite(output, round);
    for (char *p = output; p < end; p++) sum = mix(sum, (uint8_t)*p);
  }
  return sum;
}

KERNEL_MAIN("strings", 0xb6a7963eu)
