// Arguments and environment in the order in which the host gives them, the program's own name left out.
#include <stdio.h>

extern char **environ;

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) printf("arg %d [%s]\n", i, argv[i]);
  for (char **entry = environ; *entry; entry++) printf("env [%s]\n", *entry);
  return argc - 1;
}
