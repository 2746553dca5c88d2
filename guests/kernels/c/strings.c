// String work as programs do it: tokenise, search, compare, convert numbers, join.
#include "kernel.h"
#include <string.h>

static const char request[] =
    "GET /index?id=42 HTTP/1.1;Host: example;Accept: text/html;Content-Length: 1234;X-Trace: deadbeef;Cookie: a=1&b=22;";
static char source[sizeof request], work[sizeof source], output[1024];

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

/// Makes the source: the request with other letters in upper case for each variation.
static void make_source(uint32_t variation) {
  for (size_t i = 0; i < sizeof source; i++) {
    char c = request[i];
    source[i] = c >= 'a' && c <= 'z' && spread(variation) >> i % 32 & 1 ? c - 32 : c;
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

uint32_t kernel(uint32_t variation) {
  uint32_t sum = 0;
  make_source(variation);
  for (uint32_t round = 0; round < 500; round++) {
    char *end = rewrite(output, round + variation % 500);
    for (char *p = output; p < end; p++) sum = mix(sum, (uint8_t)*p);
  }
  return sum;
}

KERNEL_MAIN("strings", 0xb6a7963eu)
