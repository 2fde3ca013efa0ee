#define _GNU_SOURCE
#include "CallCounter.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

// Until the file is there, and without one, the counts go where nobody looks.
static uint64_t unseen[CALL_COUNTER_COUNT];
static uint64_t *counts = unseen;

static void add(enum call_counter counter) {
  __atomic_fetch_add(&counts[counter], 1, __ATOMIC_RELAXED);
}

// Where the program's own code is; nowhere until it is known.
static uintptr_t program_start, program_end;

// The program is the first of all objects.
static int find_program(struct dl_phdr_info *object, size_t size, void *context) {
  (void)size, (void)context;
  for (int index = 0; index < object->dlpi_phnum; index++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
    if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X)) continue;
    program_start = object->dlpi_addr + segment->p_vaddr;
    program_end = program_start + segment->p_memsz;
  }
  return 1;
}

__attribute__((constructor)) static void open_file(void) {
  const char *path = getenv(CALL_COUNTER_FILE);
  if (path == NULL) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *memory = mmap(NULL, sizeof unseen, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) return;
  dl_iterate_phdr(find_program, NULL);
  counts = memory;
}

// MARK: - Memory

static void add_allocation(void *caller, size_t size) {
  bool is_own = (uintptr_t)caller >= program_start && (uintptr_t)caller < program_end;
  add(is_own ? CALL_COUNTER_OWN_ALLOCATION : CALL_COUNTER_LIBRARY_ALLOCATION);
  if (is_own && size >= CALL_COUNTER_LARGE) add(CALL_COUNTER_LARGE_ALLOCATION);
}

#define ADD_ALLOCATION(size) add_allocation(__builtin_return_address(0), size)

// dlsym allocates, so these are reached by the names that glibc has for them.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

void *malloc(size_t size) {
  ADD_ALLOCATION(size);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  ADD_ALLOCATION(count * size);
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  ADD_ALLOCATION(size);
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  ADD_ALLOCATION(size);
  return __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size) {
  ADD_ALLOCATION(size);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  ADD_ALLOCATION(size);
  void *found = __libc_memalign(alignment, size);
  if (found == NULL) return ENOMEM;
  *memory = found;
  return 0;
}

void free(void *memory) {
  if (memory != NULL) add(CALL_COUNTER_FREE);
  __libc_free(memory);
}

// MARK: - The kernel

// The function of this name that comes after this library's own.
#define NEXT(name) \
  static typeof(&name) next; \
  if (next == NULL) next = (typeof(&name))dlsym(RTLD_NEXT, #name)

#define COUNTED(result, name, counter, parameters, arguments) \
  result name parameters { \
    NEXT(name); \
    add(counter); \
    return next arguments; \
  }

COUNTED(
  ssize_t, recv, CALL_COUNTER_RECEIVE, (int fd, void *bytes, size_t count, int flags),
  (fd, bytes, count, flags))
COUNTED(
  ssize_t, recvfrom, CALL_COUNTER_RECEIVE,
  (int fd, void *restrict bytes, size_t count, int flags, struct sockaddr *restrict address,
   socklen_t *restrict length),
  (fd, bytes, count, flags, address, length))
COUNTED(
  ssize_t, recvmsg, CALL_COUNTER_RECEIVE, (int fd, struct msghdr *message, int flags),
  (fd, message, flags))
COUNTED(
  ssize_t, send, CALL_COUNTER_SEND, (int fd, const void *bytes, size_t count, int flags),
  (fd, bytes, count, flags))
COUNTED(
  ssize_t, sendto, CALL_COUNTER_SEND,
  (int fd, const void *bytes, size_t count, int flags, const struct sockaddr *address,
   socklen_t length),
  (fd, bytes, count, flags, address, length))
COUNTED(
  ssize_t, sendmsg, CALL_COUNTER_SEND, (int fd, const struct msghdr *message, int flags),
  (fd, message, flags))
COUNTED(
  ssize_t, read, CALL_COUNTER_READ, (int fd, void *bytes, size_t count), (fd, bytes, count))
COUNTED(
  ssize_t, readv, CALL_COUNTER_READ, (int fd, const struct iovec *pieces, int count),
  (fd, pieces, count))
COUNTED(
  ssize_t, write, CALL_COUNTER_WRITE, (int fd, const void *bytes, size_t count),
  (fd, bytes, count))
COUNTED(
  ssize_t, writev, CALL_COUNTER_WRITE, (int fd, const struct iovec *pieces, int count),
  (fd, pieces, count))
COUNTED(
  int, epoll_wait, CALL_COUNTER_EPOLL_WAIT,
  (int fd, struct epoll_event *events, int capacity, int timeout),
  (fd, events, capacity, timeout))
COUNTED(
  int, epoll_pwait, CALL_COUNTER_EPOLL_WAIT,
  (int fd, struct epoll_event *events, int capacity, int timeout, const sigset_t *mask),
  (fd, events, capacity, timeout, mask))
COUNTED(
  int, epoll_ctl, CALL_COUNTER_EPOLL_CTL,
  (int set, int operation, int fd, struct epoll_event *event), (set, operation, fd, event))
COUNTED(
  int, accept4, CALL_COUNTER_OTHER,
  (int fd, struct sockaddr *restrict address, socklen_t *restrict length, int flags),
  (fd, address, length, flags))
COUNTED(
  int, connect, CALL_COUNTER_OTHER, (int fd, const struct sockaddr *address, socklen_t length),
  (fd, address, length))
COUNTED(int, socket, CALL_COUNTER_OTHER, (int family, int kind, int protocol),
  (family, kind, protocol))
COUNTED(int, close, CALL_COUNTER_OTHER, (int fd), (fd))
COUNTED(int, shutdown, CALL_COUNTER_OTHER, (int fd, int how), (fd, how))
COUNTED(
  int, setsockopt, CALL_COUNTER_OTHER,
  (int fd, int level, int name, const void *value, socklen_t length),
  (fd, level, name, value, length))
COUNTED(
  int, getsockopt, CALL_COUNTER_OTHER,
  (int fd, int level, int name, void *restrict value, socklen_t *restrict length),
  (fd, level, name, value, length))
COUNTED(int, poll, CALL_COUNTER_OTHER, (struct pollfd *entries, nfds_t count, int timeout),
  (entries, count, timeout))

int ioctl(int fd, unsigned long request, ...) {
  NEXT(ioctl);
  add(CALL_COUNTER_OTHER);
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  return next(fd, request, argument);
}
