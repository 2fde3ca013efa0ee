#define _GNU_SOURCE
#include "CEpoll.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int cepoll_is_journal(int fd) {
  const char *stream = getenv("JOURNAL_STREAM");
  struct stat information;
  char own[48];
  if (!stream || fstat(fd, &information) < 0) return 0;
  unsigned long long device = information.st_dev, number = information.st_ino;
  snprintf(own, sizeof own, "%llu:%llu", device, number);
  return strcmp(stream, own) == 0;
}

void cepoll_wait_writable(int fd, int milliseconds) {
  struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
  poll(&poll_fd, 1, milliseconds);
}

int cepoll_has_colors(int fd) {
  const char *refusal = getenv("NO_COLOR"), *terminal = getenv("TERM");
  return isatty(fd) && !(refusal && *refusal) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

/// - Parameter access: O_RDONLY or O_WRONLY.
static cepoll_standard open_standard(int fd, int access) {
  cepoll_standard standard = {.fd = fd, .way = CEPOLL_PLAIN};
  struct stat information;
  if (fstat(fd, &information) < 0) return standard;
  if (S_ISSOCK(information.st_mode)) standard.way = CEPOLL_SOCKET;
  if (!S_ISFIFO(information.st_mode) && !isatty(fd)) return standard;
  // O_NONBLOCK belongs to the open file, which others share: a shell would find its terminal changed. So this is
  // another open file of the same terminal or pipe.
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int own = open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  standard.way = own < 0 ? CEPOLL_BORROWED : CEPOLL_OWN;
  if (own >= 0) standard.fd = own;
  return standard;
}

cepoll_standard cepoll_standard_error(int fd) { return open_standard(fd, O_WRONLY); }

void cepoll_standard_close(cepoll_standard standard) {
  if (standard.way == CEPOLL_OWN) close(standard.fd);
}

int cepoll_take_standard(int fd, int is_input, cepoll_standard *standard) {
  *standard = open_standard(fd, is_input ? O_RDONLY : O_WRONLY);
  int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere < 0) return -errno;
  if (standard->fd == fd) standard->fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int outcome = standard->fd < 0 || dup2(nowhere, fd) < 0 ? -errno : 0;
  close(nowhere);
  return outcome;
}

int cepoll_standard_is_closed(cepoll_standard standard) {
  if (standard.way == CEPOLL_SOCKET) return cepoll_peer_is_closed(standard.fd, NULL);
  struct pollfd poll_fd = {.fd = standard.fd};
  return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & (POLLERR | POLLHUP)) != 0;
}

static void interrupt_only(int number) { (void)number; }

/// A write to what may block and cannot be told not to: a signal, which comes until it is switched off, ends it.
static ssize_t write_for_a_moment(int fd, const void *bytes, size_t count) {
  if (!cepoll_is_writable(fd)) return -EAGAIN;
  struct sigaction action = {.sa_handler = interrupt_only};
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
  event._sigev_un._tid = gettid();
  timer_t timer;
  if (sigaction(SIGALRM, &action, NULL) < 0) return -errno;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0) return -errno;
  const struct timespec patience = {.tv_nsec = CEPOLL_WRITE_PATIENCE * 1000000};
  const struct itimerspec at = {.it_value = patience, .it_interval = patience};
  timer_settime(timer, 0, &at, NULL);
  ssize_t written = write(fd, bytes, count);
  int error = errno;
  timer_delete(timer);
  return written < 0 ? -error : written;
}

ssize_t cepoll_standard_write(cepoll_standard standard, const void *bytes, size_t count) {
  switch (standard.way) {
    case CEPOLL_SOCKET: {
      ssize_t sent = send(standard.fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
      return sent < 0 ? -errno : sent;
    }
    case CEPOLL_BORROWED: return write_for_a_moment(standard.fd, bytes, count);
    default: return cepoll_write(standard.fd, bytes, count);
  }
}

ssize_t cepoll_standard_read(cepoll_standard standard, void *bytes, size_t capacity) {
  if (standard.way == CEPOLL_BORROWED) {
    struct pollfd poll_fd = {.fd = standard.fd, .events = POLLIN};
    if (poll(&poll_fd, 1, 0) < 1) return -EAGAIN;
  }
  ssize_t count;
  do {
    count = standard.way == CEPOLL_SOCKET ? recv(standard.fd, bytes, capacity, MSG_DONTWAIT)
                                          : read(standard.fd, bytes, capacity);
  } while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}
