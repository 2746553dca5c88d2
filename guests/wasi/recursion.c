// Deep recursion from C, where the frame is on the shadow stack in memory too: `recursion DEPTH` prints a sum and returns,
// or overflows either the shadow stack (a memory trap) or the call stack, at the same place in every run.
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) static unsigned descend(unsigned depth, volatile unsigned *above) {
  volatile unsigned here[4] = {depth, *above, 0, 0};
  if (depth == 0) return here[1];
  unsigned below = descend(depth - 1, here);
  return below + here[0] % 3;
}

int main(int argc, char **argv) {
  volatile unsigned top = 1;
  setvbuf(stdout, NULL, _IONBF, 0);
  puts("descending");
  printf("%u\n", descend(argc > 1 ? (unsigned)atoi(argv[1]) : 100, &top));
  return 0;
}
