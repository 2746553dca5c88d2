// Echoes standard input with line numbers; the sizes of the single reads, which depend on the host, go to stderr.
#include <stdio.h>
#include <unistd.h>

int main(void) {
  char chunk[16];
  ssize_t size;
  int line = 1, fresh = 1;
  while ((size = read(0, chunk, sizeof chunk)) > 0) {
    fprintf(stderr, "%zd\n", size);
    for (ssize_t i = 0; i < size; i++) {
      if (fresh) printf("%d: ", line++);
      putchar(chunk[i]);
      fresh = chunk[i] == '\n';
    }
  }
  return size < 0;
}
