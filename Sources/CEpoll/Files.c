#define _GNU_SOURCE
#include "CEpoll.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/// Fills `bytes` up to its capacity, the file's end, or the end of the first line.
static ssize_t fill(int fd, char *bytes, size_t capacity, int first_line_only) {
  size_t used = 0;
  while (used < capacity) {
    ssize_t count = read(fd, bytes + used, capacity - used);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return -errno;
    if (count == 0) break;
    const char *newline = first_line_only ? memchr(bytes + used, '\n', (size_t)count) : NULL;
    used += (size_t)count;
    if (newline) break;
  }
  return (ssize_t)used;
}

ssize_t cepoll_read_file(
  const char *path, void *bytes, size_t capacity, int first_line_only, unsigned *mode
) {
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
  if (fd < 0) return -errno;
  struct stat information;
  *mode = fstat(fd, &information) == 0 && S_ISREG(information.st_mode) ? information.st_mode : 0;
  ssize_t count = fill(fd, bytes, capacity, first_line_only);
  if (path) close(fd);
  return count;
}

int cepoll_write_file(const char *path, const void *bytes, size_t count) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return -errno;
  const char *rest = bytes;
  while (count > 0) {
    ssize_t written = cepoll_write(fd, rest, count);
    if (written < 0) {
      close(fd);
      return (int)written;
    }
    rest += written;
    count -= (size_t)written;
  }
  return close(fd) < 0 ? -errno : 0;
}

void *cepoll_open_directory(const char *path, int *error) {
  DIR *directory = opendir(path);
  *error = directory ? 0 : -errno;
  return directory;
}

enum cepoll_entry cepoll_next_entry(void *directory, const char **name) {
  for (;;) {
    struct dirent *entry = readdir(directory);
    if (!entry) return CEPOLL_ENTRY_NONE;
    *name = entry->d_name;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    struct stat information;
    // A link to a directory could lead in a circle; one to a file is how secrets and settings are mounted.
    if (fstatat(dirfd(directory), entry->d_name, &information, AT_SYMLINK_NOFOLLOW) < 0) continue;
    if (S_ISDIR(information.st_mode)) return CEPOLL_ENTRY_DIRECTORY;
    if (fstatat(dirfd(directory), entry->d_name, &information, 0) < 0) continue;
    if (S_ISREG(information.st_mode)) return CEPOLL_ENTRY_FILE;
  }
}

void cepoll_close_directory(void *directory) { closedir(directory); }
