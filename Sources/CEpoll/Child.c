// Child processes: how they start, what they inherit, and how they end.
#define _GNU_SOURCE
#include "CEpoll.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int cepoll_child_signal(void) {
  // With SIG_IGN, which may be inherited, the kernel would forget the children's statuses.
  signal(SIGCHLD, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

/// What a service manager has said to this process alone.
static int is_own(const char *variable) {
  static const char *const names[] = {"NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=",
                                      "LISTEN_PID=",    "LISTEN_FDS=",    "LISTEN_FDNAMES="};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strncmp(variable, names[i], strlen(names[i])) == 0) return 1;
  }
  return 0;
}

/// The texts that stand one after another, each with a zero behind it, as execve(2) wants them.
static char **list_of(const char *texts, int count) {
  char **list = cepoll_allocate(((size_t)count + 1) * sizeof *list);
  for (int i = 0; i < count; i++) {
    list[i] = (char *)texts;
    texts += strlen(texts) + 1;
  }
  list[count] = NULL;
  return list;
}

static char **inherited_environment(void) {
  size_t count = 0, kept = 0;
  while (environ && environ[count]) count++;
  char **list = cepoll_allocate((count + 1) * sizeof *list);
  for (size_t i = 0; i < count; i++) {
    if (!is_own(environ[i])) list[kept++] = environ[i];
  }
  list[kept] = NULL;
  return list;
}

/// The read end of a pipe with these bytes in it and no writer.
static int pipe_with(const void *bytes, size_t count) {
  int ends[2];
  if (count > CEPOLL_CHILD_INPUT_MAX) return -EMSGSIZE;
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  // An empty pipe has room for a page at least, so this waits for nobody.
  ssize_t written = cepoll_write(ends[1], bytes, count);
  close(ends[1]);
  if (written == (ssize_t)count) return ends[0];
  close(ends[0]);
  return written < 0 ? (int)written : -EIO;
}

/// The descriptor that becomes the child's standard input; STDIN_FILENO for this process's own.
static int open_input(const cepoll_command *command) {
  switch (command->input) {
    case CEPOLL_INPUT_OCTETS: return pipe_with(command->octets, command->octet_count);
    case CEPOLL_INPUT_NOTHING: {
      int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
      return fd < 0 ? -errno : fd;
    }
    default: return STDIN_FILENO;
  }
}

/// No descriptor from `first` on outlives the exec, whoever opened it.
static void close_others_on_exec(int first) {
#if defined(SYS_close_range)
  enum { CLOSE_ON_EXEC = 1 << 2 };  // CLOSE_RANGE_CLOEXEC, Linux 5.11
  if (syscall(SYS_close_range, first, ~0U, CLOSE_ON_EXEC) == 0) return;
#endif
  enum { DESCRIPTORS_MAX = 65536 };
  struct rlimit limit;
  int end = DESCRIPTORS_MAX;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS_MAX) end = (int)limit.rlim_cur;
  for (int fd = first; fd < end; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/// What this program has changed for itself becomes as it was. Handlers go with the exec.
static void reset_signals(void) {
  signal(SIGPIPE, SIG_DFL);
  signal(SIGTTIN, SIG_DFL);
  cepoll_unblock_signals();
}

/// The child's part, up to the program's start; `report` takes the error when there is none.
static _Noreturn void become(
  const cepoll_command *command, char **words, char **variables, int input, int report, pid_t parent
) {
  int error = 0;
  if (command->is_apart) setsid();
  if (command->ends_with_parent) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    // It may have ended before that call.
    if (getppid() != parent) _exit(1);
  }
  if (input != STDIN_FILENO && dup2(input, STDIN_FILENO) < 0) error = errno;
  close_others_on_exec(STDERR_FILENO + 1);
  cepoll_regain_core_dump();
  reset_signals();
  if (error == 0) {
    execvpe(words[0], words, variables);
    error = errno;
  }
  cepoll_write(report, &error, sizeof error);
  _exit(127);
}

int cepoll_spawn(const cepoll_command *command) {
  int input = open_input(command);
  if (input < 0) return input;
  char **words = list_of(command->words, command->word_count);
  char **variables = command->variable_count < 0
                       ? inherited_environment()
                       : list_of(command->variables, command->variable_count);
  int report[2];
  pid_t parent = getpid(), child = -1;
  int outcome = pipe2(report, O_CLOEXEC) < 0 ? -errno : 0;
  if (outcome == 0) {
    child = fork();
    if (child == 0) become(command, words, variables, input, report[1], parent);
    if (child < 0) outcome = -errno;
    close(report[1]);
    // The exec closes its end; before that, it writes only what it failed of.
    int error = 0;
    ssize_t count = 0;
    while (child > 0 && (count = read(report[0], &error, sizeof error)) < 0 && errno == EINTR) {}
    if (count == sizeof error) {
      while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
      outcome = -error;
    }
    close(report[0]);
  }
  if (input != STDIN_FILENO) close(input);
  free(words);
  free(variables);
  return outcome < 0 ? outcome : (int)child;
}

int cepoll_reap(int process, cepoll_end *end) {
  int status = 0;
  pid_t found = waitpid(process, &status, WNOHANG);
  if (found == 0 || (found < 0 && errno == EINTR)) return 0;
  end->is_signal = found > 0 && WIFSIGNALED(status);
  end->number = found < 0 ? -1 : end->is_signal ? WTERMSIG(status) : WEXITSTATUS(status);
  return 1;
}

int cepoll_kill(int process, int number) { return kill(process, number) < 0 ? -errno : 0; }

int64_t cepoll_start_time(int process) {
  char path[32], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", process);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  ssize_t count = read(fd, text, sizeof text - 1);
  close(fd);
  if (count < 0) return -errno;
  text[count] = 0;
  // The name, in parentheses, may have anything in it. The state, the first field behind it, is the third of all; the
  // time is the 22nd (proc_pid_stat(5)).
  const char *field = strrchr(text, ')');
  if (!field || field[1] != ' ') return -EIO;
  // One that has ended and that nobody has asked about yet.
  if (field[2] == 'Z' || field[2] == 'X') return -ESRCH;
  for (int number = 2; field && number < 22; number++) field = strchr(field + 1, ' ');
  return field ? (int64_t)strtoll(field, NULL, 10) : -EIO;
}

int cepoll_find_program(const char *name) {
  if (strchr(name, '/')) return access(name, X_OK) < 0 ? -errno : 0;
  const char *place = getenv("PATH");
  char path[4096];
  while (place && *place) {
    size_t length = strcspn(place, ":");
    snprintf(path, sizeof path, "%.*s/%s", (int)length, place, name);
    if (length > 0 && access(path, X_OK) == 0) return 0;
    place += length;
    if (*place == ':') place++;
  }
  return -ENOENT;
}
