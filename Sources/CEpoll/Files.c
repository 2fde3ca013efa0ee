#define _GNU_SOURCE
#include "CEpoll.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/// Waits for a descriptor that does not block to take or give bytes, or to fail.
static void wait_for(int fd, short events) {
  struct pollfd poll_fd = {.fd = fd, .events = events};
  poll(&poll_fd, 1, -1);
}

/// Fills `bytes` up to its capacity, the file's end, or the end of the first line, behind which nothing is taken.
static ssize_t fill(int fd, char *bytes, size_t capacity, int first_line_only) {
  size_t used = 0;
  while (used < capacity) {
    ssize_t count = read(fd, bytes + used, first_line_only ? 1 : capacity - used);
    if (count < 0 && errno == EAGAIN) wait_for(fd, POLLIN);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0) return -errno;
    if (count == 0) break;
    const char *newline = first_line_only ? memchr(bytes + used, '\n', (size_t)count) : NULL;
    used += (size_t)count;
    if (newline) break;
  }
  return (ssize_t)used;
}

/// Whether a file is of a kind that is read to its end; a directory says so itself when it is read.
static int has_end(mode_t mode) {
  return S_ISREG(mode) || S_ISFIFO(mode) || S_ISCHR(mode) || S_ISDIR(mode);
}

ssize_t cepoll_read_file(
  const char *path, void *bytes, size_t capacity, int first_line_only, unsigned *mode
) {
  // Without O_NONBLOCK the opening of a named pipe would wait for its writer.
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : STDIN_FILENO;
  if (fd < 0) return errno == ENXIO ? -CEPOLL_NO_FILE : -errno;
  struct stat information = {0};
  fstat(fd, &information);
  *mode = S_ISREG(information.st_mode) ? information.st_mode : 0;
  ssize_t count = -CEPOLL_NO_FILE;
  // Of a pipe somebody else may read the rest.
  int is_line = first_line_only && !(path && S_ISREG(information.st_mode));
  if (!path || has_end(information.st_mode)) count = fill(fd, bytes, capacity, is_line);
  if (!path) return count;
  close(fd);
  // A pipe without a writer ends at once; so does one whose writer has gone without a word.
  return count == 0 && S_ISFIFO(information.st_mode) ? -CEPOLL_NO_PEER : count;
}

int cepoll_open_input(int fd) {
  struct stat information;
  if (fstat(fd, &information) < 0) return -errno;
  // A terminal that is not this process's own has no background: another program may be reading it.
  if (!S_ISFIFO(information.st_mode) && tcgetpgrp(fd) < 0) return -ENOTTY;
  signal(SIGTTIN, SIG_IGN);
  // As for the log: O_NONBLOCK belongs to the open file, which others share.
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int own = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return own < 0 ? -errno : own;
}

ssize_t cepoll_read_input(int fd, void *bytes, size_t capacity) {
  for (;;) {
    ssize_t count = read(fd, bytes, capacity);
    if (count >= 0) return count;
    if (errno == EIO) {
      pid_t foreground = tcgetpgrp(fd);
      return foreground > 0 && foreground != getpgrp() ? -EBUSY : -EIO;
    }
    if (errno != EINTR) return -errno;
  }
}

int cepoll_open_lines(const char *path) {
  if (path) {
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return -errno;
    struct stat information;
    if (fstat(fd, &information) == 0 && S_ISFIFO(information.st_mode)) return fd;
    close(fd);
    return -CEPOLL_NO_PIPE;
  }
  int fd = cepoll_open_input(STDIN_FILENO);
  if (fd != -EACCES) return fd;
  // A pipe that was opened by another user, as a service manager does.
  fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (fd < 0 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) return -errno;
  return fd;
}

int cepoll_remove_file(const char *path) { return unlink(path) < 0 ? -errno : 0; }

int cepoll_write_file(const char *path, const void *bytes, size_t count) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
  if (fd < 0) return errno == ENXIO ? -CEPOLL_NO_PEER : -errno;
  int outcome = cepoll_write_whole(fd, bytes, count);
  return close(fd) < 0 && outcome == 0 ? -errno : outcome;
}

int cepoll_write_whole(int fd, const void *bytes, size_t count) {
  const char *rest = bytes;
  while (count > 0) {
    ssize_t written = cepoll_write(fd, rest, count);
    if (written == -EAGAIN) {
      wait_for(fd, POLLOUT);
      continue;
    }
    if (written < 0) return (int)written;
    rest += written;
    count -= (size_t)written;
  }
  return 0;
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

int cepoll_check_directory(const char *path) {
  struct stat information;
  if (lstat(path, &information) < 0) return -errno;
  if (S_ISLNK(information.st_mode)) return -CEPOLL_LINK;
  if (!S_ISDIR(information.st_mode)) return -ENOTDIR;
  if (information.st_uid != geteuid() && information.st_uid != 0) return -CEPOLL_FOREIGN;
  // In a sticky directory, such as /tmp, nobody can exchange what is another's.
  int is_open = (information.st_mode & S_IWOTH) && !(information.st_mode & S_ISVTX);
  return is_open ? -CEPOLL_EXPOSED : 0;
}

int cepoll_restrict_file(const char *path, unsigned forbidden) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (fd < 0) return errno == ELOOP ? -CEPOLL_LINK : -errno;
  struct stat information;
  int outcome = fstat(fd, &information) < 0 ? -errno : (int)(information.st_mode & 07777);
  if (outcome >= 0 && !S_ISREG(information.st_mode)) outcome = -CEPOLL_NO_FILE;
  if (outcome >= 0 && information.st_uid != geteuid()) outcome = -CEPOLL_FOREIGN;
  if (outcome >= 0 && ((unsigned)outcome & forbidden) && fchmod(fd, (mode_t)((unsigned)outcome & ~forbidden)) < 0)
    outcome = -errno;
  close(fd);
  return outcome;
}

int cepoll_replace_file(const char *path, unsigned mode, const void *bytes, size_t count) {
  static const char suffix[] = ".XXXXXX";
  size_t length = strlen(path);
  char *temporary = malloc(length + sizeof suffix);
  if (!temporary) return -ENOMEM;
  memcpy(temporary, path, length);
  memcpy(temporary + length, suffix, sizeof suffix);
  // Made with O_EXCL, which follows no link, and mode 0600.
  int fd = mkostemp(temporary, O_CLOEXEC);
  int outcome = fd < 0 ? -errno : cepoll_write_whole(fd, bytes, count);
  if (outcome == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0)) outcome = -errno;
  if (fd >= 0 && close(fd) < 0 && outcome == 0) outcome = -errno;
  if (outcome == 0 && rename(temporary, path) < 0) outcome = -errno;
  if (fd >= 0 && outcome < 0) unlink(temporary);
  free(temporary);
  return outcome;
}
