// A file's life: create, write, seek, truncate, append, link, rename, remove, with the errors on the way. Times must never
// be before the ones seen earlier; their values go to stderr.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void report(const char *what, int result) {
  printf("%s: %s\n", what, result < 0 ? strerror(errno) : "ok");
}

static void contents(const char *path) {
  char text[64];
  int fd = open(path, O_RDONLY);
  ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
  if (size < 0) {
    report(path, -1);
  } else {
    printf("%s: %zd [", path, size);
    for (ssize_t i = 0; i < size; i++) putchar(text[i] ? text[i] : '.');
    puts("]");
  }
  if (fd >= 0) close(fd);
}

static void write_and_seek(void) {
  int fd = open("/data/a", O_CREAT | O_EXCL | O_RDWR, 0666);
  printf("lowest descriptor again: %d\n", fd);
  report("write", (int)write(fd, "hello world", 11));
  report("seek", (int)lseek(fd, 20, SEEK_SET));
  report("write behind the end", (int)write(fd, "!", 1));
  report("truncate", ftruncate(fd, 13));
  char byte;
  report("pread at a negative offset", (int)pread(fd, &byte, 1, -1));
  close(fd);
  report("close twice", close(fd));
  contents("/data/a");
}

static void names(void) {
  report("create what exists", open("/data/a", O_CREAT | O_EXCL | O_RDWR, 0666));
  report("directory as file", open("/data", O_WRONLY));
  report("file as directory", open("/data/a/b", O_RDONLY));
  report("escape", open("/data/../secret", O_RDONLY));
  report("missing", open("/data/none", O_RDONLY));
  report("mkdir", mkdir("/data/d", 0777));
  report("mkdir again", mkdir("/data/d", 0777));
  report("link", link("/data/a", "/data/d/linked"));
  report("symlink", symlink("linked", "/data/d/soft"));
  contents("/data/d/soft");
  report("loop", symlink("loop", "/data/d/loop"));
  report("open loop", open("/data/d/loop", O_RDONLY));
  report("rmdir with entries", rmdir("/data/d"));
  report("unlink a directory", unlink("/data/d"));
  report("rename", rename("/data/a", "/data/b"));
  contents("/data/a");
  contents("/data/b");
}

static void times(void) {
  struct stat first, second;
  stat("/data/b", &first);
  int fd = open("/data/b", O_WRONLY | O_APPEND);
  write(fd, "more", 4);
  close(fd);
  stat("/data/b", &second);
  printf("size %lld links %d\n", (long long)second.st_size, (int)second.st_nlink);
  int earlier = second.st_mtim.tv_sec < first.st_mtim.tv_sec ||
                (second.st_mtim.tv_sec == first.st_mtim.tv_sec && second.st_mtim.tv_nsec < first.st_mtim.tv_nsec);
  printf("modified earlier than before: %d\n", earlier);
  fprintf(stderr, "dev %lld ino %lld mtime %lld.%09ld\n", (long long)second.st_dev, (long long)second.st_ino,
          (long long)second.st_mtim.tv_sec, second.st_mtim.tv_nsec);
  contents("/data/b");
}

int main(void) {
  write_and_seek();
  names();
  times();
  return 0;
}
