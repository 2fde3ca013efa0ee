#define _GNU_SOURCE
#include "CEpoll.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

int cepoll_create(void) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  return epoll < 0 ? -errno : epoll;
}

static int control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return epoll_ctl(epoll, operation, fd, &event) < 0 ? -errno : 0;
}

int cepoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_ADD, fd, events, token);
}

int cepoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
  return control(epoll, EPOLL_CTL_MOD, fd, events, token);
}

int cepoll_remove(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

int cepoll_wait(int epoll, cepoll_event *events, int capacity, int timeout) {
  struct epoll_event raw[CEPOLL_EVENTS_MAX];
  if (capacity > CEPOLL_EVENTS_MAX) capacity = CEPOLL_EVENTS_MAX;
  int count = epoll_wait(epoll, raw, capacity, timeout);
  // Interrupted means nothing was ready: the loop runs its timers and comes back.
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < count; i++) {
    events[i].events = raw[i].events;
    events[i].token = raw[i].data.u64;
  }
  return count;
}

int cepoll_alarm(void) {
  int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

int cepoll_set_alarm(int fd, int64_t nanoseconds) {
  struct itimerspec at = {
      .it_value = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000}};
  return timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL) < 0 ? -errno : 0;
}

void cepoll_prepare_standard_streams(void) {
  signal(SIGPIPE, SIG_IGN);
  // open takes the lowest free number, so each round fills one gap until the first beyond them.
  int fd;
  do {
    fd = open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

/// Those that the programs act on.
static sigset_t own_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGUSR1);
  return set;
}

void cepoll_unblock_signals(void) {
  sigset_t set = own_signals();
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int cepoll_signals(void) {
  sigset_t set = own_signals();
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int cepoll_read_signal(int fd) {
  struct signalfd_siginfo info;
  for (;;) {
    ssize_t count = read(fd, &info, sizeof info);
    if (count == sizeof info) return (int)info.ssi_signo;
    if (count >= 0) return -EIO;
    if (errno != EINTR) return -errno;
  }
}

int cepoll_ends_with_terminal(void) {
  struct sigaction action;
  return isatty(STDERR_FILENO) && sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler != SIG_IGN;
}

static int64_t nanoseconds(clockid_t clock) {
  struct timespec time = {0};
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t cepoll_monotonic_nanoseconds(void) { return nanoseconds(CLOCK_MONOTONIC); }
int64_t cepoll_processor_nanoseconds(void) { return nanoseconds(CLOCK_PROCESS_CPUTIME_ID); }
int64_t cepoll_wall_nanoseconds(void) { return nanoseconds(CLOCK_REALTIME); }

int64_t cepoll_resident_bytes(void) {
  // proc_pid_statm(5): the second number, in pages.
  char text[128];
  unsigned mode;
  ssize_t count = cepoll_read_file("/proc/self/statm", text, sizeof text - 1, 0, &mode);
  if (count <= 0) return 0;
  text[count] = 0;
  char *rest;
  strtoll(text, &rest, 10);
  return strtoll(rest, NULL, 10) * sysconf(_SC_PAGESIZE);
}

void cepoll_format_time(struct cepoll_date *date, char *text, int is_utc) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  if (!date->text[0] || date->second != time.tv_sec || date->is_utc != is_utc) {
    struct tm parts;
    if (is_utc) {
      gmtime_r(&time.tv_sec, &parts);
    } else {
      localtime_r(&time.tv_sec, &parts);
    }
    const char *format = is_utc ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S";
    if (!strftime(date->text, sizeof date->text, format, &parts)) date->text[0] = 0;
    date->second = time.tv_sec;
    date->is_utc = is_utc;
  }
  size_t used = strlen(date->text);
  memcpy(text, date->text, used);
  char fraction[] = ".000000Z";
  long microseconds = time.tv_nsec / 1000;
  for (int place = 6; place > 0; place--, microseconds /= 10) fraction[place] = (char)('0' + microseconds % 10);
  if (!is_utc) fraction[7] = 0;
  memcpy(text + used, fraction, sizeof fraction);
}

int64_t cepoll_watchdog_period(void) {
  const char *period = getenv("WATCHDOG_USEC"), *process = getenv("WATCHDOG_PID");
  if (!period || (process && strtoull(process, NULL, 10) != (unsigned)getpid())) return 0;
  unsigned long long milliseconds = strtoull(period, NULL, 10) / 1000;
  return milliseconds < INT32_MAX ? (int64_t)milliseconds : INT32_MAX;
}

int cepoll_process_id(void) { return (int)getpid(); }

uint32_t cepoll_user_id(void) { return (uint32_t)geteuid(); }

ssize_t cepoll_write(int fd, const void *bytes, size_t count) {
  for (;;) {
    ssize_t written = write(fd, bytes, count);
    if (written >= 0) return written;
    if (errno != EINTR) return -errno;
  }
}

int cepoll_is_writable(int fd) {
  struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
  return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLOUT) != 0;
}

const char *cepoll_error_text(int error) {
  switch (error) {
    case CEPOLL_NO_PEER: return "it is a pipe that nobody has open at its other end";
    case CEPOLL_NO_FILE: return "it is neither a file nor a pipe nor a terminal";
    case CEPOLL_LINK: return "it is a symbolic link";
    case CEPOLL_FOREIGN: return "it belongs to another user";
    case CEPOLL_EXPOSED: return "everybody may write to it";
    case CEPOLL_DANGLING: return "it is a symbolic link that leads nowhere";
    case CEPOLL_NO_PIPE: return "it is no named pipe (mkfifo)";
    default: return strerror(error);
  }
}

const char *cepoll_environment(const char *name) { return getenv(name); }

const char *cepoll_environment_name(int *index, const char *prefix) {
  static char name[64];
  while (environ && environ[*index]) {
    const char *entry = environ[(*index)++];
    if (strncmp(entry, prefix, strlen(prefix)) != 0) continue;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(entry, "="), entry);
    return name;
  }
  return NULL;
}

void cepoll_wipe_environment(const char *name) {
  size_t length = strlen(name);
  // A name may stand there more than once; getenv finds the first.
  for (char **entry = environ; entry && *entry; entry++) {
    if (strncmp(*entry, name, length) != 0 || (*entry)[length] != '=') continue;
    char *value = *entry + length + 1;
    explicit_bzero(value, strlen(value));
  }
}

/// What the limit was; 0 for one that was left as it is.
static rlim_t core_limit_before;

void cepoll_forgo_core_dump(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_cur <= 1) return;
  core_limit_before = limit.rlim_cur;
  // With 0 the kernel would still feed a program that /proc/sys/kernel/core_pattern names; 1 is too little for a file,
  // and tells it not to. Whoever wants one can raise it while the program runs: prlimit(1).
  limit.rlim_cur = 1;
  setrlimit(RLIMIT_CORE, &limit);
}

void cepoll_regain_core_dump(void) {
  struct rlimit limit;
  if (core_limit_before == 0 || getrlimit(RLIMIT_CORE, &limit) < 0) return;
  limit.rlim_cur = core_limit_before;
  setrlimit(RLIMIT_CORE, &limit);
}

void cepoll_system_name(char *text, size_t capacity) {
  struct utsname name;
  if (uname(&name) < 0) {
    snprintf(text, capacity, "Linux");
    return;
  }
  snprintf(text, capacity, "%s %s %s", name.sysname, name.release, name.machine);
  cepoll_make_comment(text);
}

void cepoll_make_comment(char *text) {
  for (; *text; text++) {
    if (*text < ' ' || *text > '~' || strchr("()\\", *text)) *text = '?';
  }
}

void cepoll_exit(int status) { exit(status); }

int cepoll_make_directory(const char *path, unsigned mode) {
  if (mkdir(path, mode) == 0) return 0;
  if (errno != EEXIST) return -errno;
  return cepoll_find_directory(path);
}

int cepoll_lock_directory(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int outcome;
  while ((outcome = flock(fd, LOCK_EX)) < 0 && errno == EINTR) continue;
  if (outcome == 0) return fd;
  outcome = -errno;
  close(fd);
  return outcome;
}

int cepoll_find_directory(const char *path) {
  struct stat information;
  if (stat(path, &information) == 0) return S_ISDIR(information.st_mode) ? 0 : -ENOTDIR;
  int error = errno;
  return error == ENOENT && lstat(path, &information) == 0 ? -CEPOLL_DANGLING : -error;
}

int cepoll_find_pipe(const char *path) {
  struct stat information;
  if (stat(path, &information) < 0 || access(path, R_OK) < 0) return -errno;
  return S_ISFIFO(information.st_mode) ? 0 : -CEPOLL_NO_PIPE;
}

int cepoll_is_written(const char *path) {
  struct stat information;
  return stat(path, &information) == 0 && S_ISREG(information.st_mode) && information.st_size > 0;
}

int cepoll_is_no_socket(const char *path) {
  struct stat information;
  return lstat(path, &information) == 0 && !S_ISSOCK(information.st_mode);
}

int cepoll_exists(const char *path) { return access(path, F_OK) == 0; }

char *cepoll_absolute_path(const char *path) { return realpath(path, NULL); }

// Embedded Swift has no CommandLine. glibc hands every constructor what main gets.
static int argument_count;
static char **arguments;

__attribute__((constructor)) static void remember_arguments(int argc, char **argv) {
  argument_count = argc;
  arguments = argv;
}

static struct option options[CEPOLL_OPTIONS_MAX + 1];
static int codes[CEPOLL_OPTIONS_MAX];
// A leading plus makes getopt stop at the first operand, and a colon tell a missing argument from an unknown option.
static char short_options[2 * CEPOLL_OPTIONS_MAX + 3] = "+:";
static int option_count;

int cepoll_declare_option(const char *name, int takes_argument, int code) {
  if (option_count == CEPOLL_OPTIONS_MAX) return -ENOSPC;
  struct option *option = &options[option_count];
  size_t size = strlen(name) + 1;
  option->name = memcpy(cepoll_allocate(size), name, size);
  option->has_arg = takes_argument ? required_argument : no_argument;
  option->val = code;
  codes[option_count] = code;
  // An abbreviation that fits `x` and `x-y` means `x`: getopt takes the first of those with one value.
  for (int i = 0; i < option_count; i++) {
    if (strncmp(options[i].name, name, strlen(options[i].name)) == 0) option->val = options[i].val;
  }
  option_count++;
  if (code < 256) {
    char letter[] = {(char)code, takes_argument ? ':' : 0, 0};
    strcat(short_options, letter);
  }
  return 0;
}

int cepoll_is_asked_for(const char *option, const char *value) {
  size_t length = strlen(option);
  for (int i = 1; i < argument_count && strcmp(arguments[i], "--") != 0; i++) {
    const char *rest = arguments[i] + length;
    if (strncmp(arguments[i], option, length) != 0) continue;
    const char *given = *rest == '=' ? rest + 1 : !*rest && i + 1 < argument_count ? arguments[i + 1] : "";
    if (strcmp(given, value) == 0) return 1;
  }
  return 0;
}

/// Whether a word begins with a long name, which an `=` may follow.
static int is_name(const char *word) {
  size_t length = strcspn(word, "=");
  for (int i = 0; i < option_count; i++) {
    if (strncmp(word, options[i].name, length) == 0 && !options[i].name[length]) return 1;
  }
  return 0;
}

/// Whether there is the letter of an option without an argument, and `=` behind it.
static int is_flag_with_value(const char *word) {
  const char *letter = word[0] && word[1] == '=' ? strchr(short_options + 2, word[0]) : NULL;
  return letter && letter[1] != ':';
}

/// Whether a word is an option, rather than the argument of the one before it.
static int is_option(const char *word) {
  if (word[0] != '-' || !word[1]) return 0;
  return word[1] == '-' ? is_name(word + 2) : !word[2] && word[1] != ':' && strchr(short_options, word[1]);
}

int cepoll_next_option(const char **argument) {
  // The messages are ours, in one line with a pointer to --help.
  opterr = 0;
  int before = optind;
  // A long name behind one hyphen, which getopt would take for a row of letters, or a flag's letter with a value.
  if (before < argument_count && arguments[before][0] == '-' &&
      (is_name(arguments[before] + 1) || is_flag_with_value(arguments[before] + 1))) {
    *argument = arguments[optind++];
    return CEPOLL_OPTION_UNKNOWN;
  }
  int index = -1;
  int found = getopt_long(argument_count, arguments, short_options, options, &index);
  if (found == -1) {
    // Behind `--` all are a command's words.
    if (optind > before) return CEPOLL_OPTION_COMMAND;
    if (optind >= argument_count) return CEPOLL_OPTIONS_END;
    *argument = arguments[optind++];
    return CEPOLL_OPTION_OPERAND;
  }
  *argument = optarg;
  // Where an argument was forgotten, getopt takes the next option for it.
  if (found != '?' && found != ':' && optarg && optarg == arguments[optind - 1] && is_option(optarg)) {
    optind--;
    optopt = index < 0 ? found : 0;
    found = ':';
  }
  if (found == '?' || found == ':') {
    // For a long option getopt has moved on already; for a bundled short one it may not have.
    *argument = arguments[optind > before ? optind - 1 : before];
    if (optopt != 0 && (*argument)[1] != '-') {
      // The letter alone: what it is bundled with may be a token.
      static char letter[] = "-?";
      letter[1] = (char)optopt;
      *argument = letter;
    }
    return found == ':' ? CEPOLL_OPTION_ARGUMENT_MISSING : CEPOLL_OPTION_UNKNOWN;
  }
  return index < 0 ? found : codes[index];
}

const char *cepoll_next_word(void) { return optind < argument_count ? arguments[optind++] : NULL; }

void cepoll_hide_argument(char *argument) { memset(argument, '*', strlen(argument)); }

int cepoll_has_randomness(void) {
  char octet;
  return getrandom(&octet, 1, GRND_NONBLOCK) == 1;
}

int cepoll_has_aes(void) {
#if defined(__x86_64__) || defined(__i386__)
  unsigned a, b, features, d;
  return __get_cpuid(1, &a, &b, &features, &d) && (features & bit_AES) != 0;
#elif defined(__aarch64__)
  return (getauxval(AT_HWCAP) & 1 << 3) != 0;  // HWCAP_AES
#elif defined(__arm__)
  return (getauxval(AT_HWCAP2) & 1 << 0) != 0;  // HWCAP2_AES
#else
  return 0;
#endif
}
