#define _GNU_SOURCE
#include "CEpoll.h"

#include <fcntl.h>
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

cepoll_log cepoll_log_open(int fd) {
  cepoll_log log = {.fd = fd, .way = CEPOLL_LOG_PLAIN};
  struct stat information;
  if (fstat(fd, &information) < 0) return log;
  if (S_ISSOCK(information.st_mode)) log.way = CEPOLL_LOG_SOCKET;
  if (!S_ISFIFO(information.st_mode) && !isatty(fd)) return log;
  // O_NONBLOCK belongs to the open file, which others share: a shell would find its terminal changed. So this is
  // another open file of the same terminal or pipe.
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  log.way = own < 0 ? CEPOLL_LOG_BORROWED : CEPOLL_LOG_OWN;
  if (own >= 0) log.fd = own;
  return log;
}

void cepoll_log_close(cepoll_log log) {
  if (log.way == CEPOLL_LOG_OWN) close(log.fd);
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
  const struct timespec patience = {.tv_nsec = CEPOLL_LOG_PATIENCE * 1000000};
  const struct itimerspec at = {.it_value = patience, .it_interval = patience};
  timer_settime(timer, 0, &at, NULL);
  ssize_t written = write(fd, bytes, count);
  int error = errno;
  timer_delete(timer);
  return written < 0 ? -error : written;
}

ssize_t cepoll_log_write(cepoll_log log, const void *bytes, size_t count) {
  switch (log.way) {
    case CEPOLL_LOG_SOCKET: {
      ssize_t sent = send(log.fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
      return sent < 0 ? -errno : sent;
    }
    case CEPOLL_LOG_BORROWED: return write_for_a_moment(log.fd, bytes, count);
    default: return cepoll_write(log.fd, bytes, count);
  }
}
