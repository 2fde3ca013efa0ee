// Sockets that the process was started with, as sd_listen_fds(3) has them.
#define _GNU_SOURCE
#include "CEpoll.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST = 3 };

/// 0 for what is no number.
static unsigned long long number_of(const char *name) {
  const char *text = getenv(name);
  return text ? strtoull(text, NULL, 10) : 0;
}

/// Makes a descriptor what ours are. Only a stream socket that listens is of use.
static int prepare(int fd) {
  int type = 0, is_listening = 0;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0) return -errno;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) < 0) return -errno;
  if (type != SOCK_STREAM || !is_listening) return -EOPNOTSUPP;
  return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

int cepoll_take_passed(void) {
  if (number_of("LISTEN_PID") != (unsigned)getpid()) return 0;
  unsigned long long count = number_of("LISTEN_FDS");
  for (int fd = FIRST; (unsigned)fd < FIRST + count; fd++) {
    int outcome = prepare(fd);
    if (outcome < 0) return outcome;
  }
  return (int)count;
}

int cepoll_passed(int index, const char *name, cepoll_address *address, char *path) {
  union {
    struct sockaddr_storage storage;
    struct sockaddr_un un;
  } any = {0};
  const char *names = getenv("LISTEN_FDNAMES");
  for (int i = 0; names && i < index; i++) {
    names = strchr(names, ':');
    if (names) names++;
  }
  if (name && (!names || strncmp(names, name, strlen(name)) != 0 || !strchr(":", names[strlen(name)]))) return 0;
  socklen_t length = sizeof any.storage;
  if (getsockname(FIRST + index, (struct sockaddr *)&any, &length) < 0) return 0;
  *path = 0;
  if (cepoll_address_from(&any, address) < 0) {
    memcpy(path, any.un.sun_path, sizeof any.un.sun_path);
    // An abstract name begins with a zero.
    if (!*path) *path = '@';
    path[sizeof any.un.sun_path] = 0;
  }
  address->passed = FIRST + index;
  return 1;
}

int cepoll_is_passed(const char *name) {
  cepoll_address address;
  char path[CEPOLL_PATH_MAX];
  int count = cepoll_take_passed(), index = 0;
  while (index < count && !cepoll_passed(index, name, &address, path)) index++;
  return index < count;
}

int cepoll_duplicate(int fd) {
  int other = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return other < 0 ? -errno : other;
}
