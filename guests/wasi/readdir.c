// Directory order: names come sorted by code point after "." and "..", whatever the order of their making; a cookie goes
// on where it was taken; inode numbers are unique and do not change (the one repetition is "..": the root is its own parent).
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = {"zeta", "alpha", "Beta", "10", "9", "\xc3\xa9t\xc3\xa9", "~", "a", "sub"};
enum { NAMES = sizeof names / sizeof *names };

static void make(const char *directory) {
  char path[256];
  for (int i = 0; i < NAMES; i++) {
    snprintf(path, sizeof path, "%s/%s", directory, names[i]);
    if (strcmp(names[i], "sub") == 0) {
      mkdir(path, 0777);
    } else {
      close(open(path, O_CREAT | O_WRONLY, 0666));
    }
  }
}

static int list(const char *directory) {
  uint64_t inodes[32];
  int count = 0, repeated = 0;
  DIR *dir = opendir(directory);
  for (struct dirent *entry; (entry = readdir(dir)); count++) {
    printf("%s%s\n", entry->d_name, entry->d_type == DT_DIR ? "/" : "");
    inodes[count] = entry->d_ino;
    for (int i = 0; i < count; i++) repeated += inodes[i] == inodes[count];
    fprintf(stderr, "%" PRIu64 "\n", (uint64_t)entry->d_ino);
  }
  closedir(dir);
  return repeated;
}

static void resume(const char *directory) {
  DIR *dir = opendir(directory);
  for (int i = 0; i < 4; i++) readdir(dir);
  long position = telldir(dir);
  char name[64];
  snprintf(name, sizeof name, "%s", readdir(dir)->d_name);
  while (readdir(dir)) continue;
  seekdir(dir, position);
  printf("again %s: %d\n", name, strcmp(readdir(dir)->d_name, name) == 0);
  closedir(dir);
}

int main(int argc, char **argv) {
  const char *directory = argc > 1 ? argv[1] : "/data";
  struct stat before, after;
  char path[256];
  make(directory);
  printf("repeated inodes: %d\n", list(directory));
  resume(directory);
  snprintf(path, sizeof path, "%s/alpha", directory);
  stat(path, &before);
  snprintf(path + 200, 56, "%s/moved", directory);
  rename(path, path + 200);
  stat(path + 200, &after);
  printf("inode kept by rename: %d\n", before.st_ino == after.st_ino);
  unlink(path + 200);
  printf("repeated inodes: %d\n", list(directory));
  return 0;
}
