// Lets allocations of a program fail, as when memory is short. The library is loaded into it with LD_PRELOAD; a file
// that the environment names says which ones, and is told how many there were. With FAILING_MREMAP in the environment
// mremap is refused, as by a filter of system calls.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// What is in the file, in the machine's order. The first allocation after the libraries' own start is number 1.
struct plan {
  uint64_t first, last;  // those that fail
  uint64_t count;  // allocations so far
};

// Until the file is there, and without one, nothing fails.
static struct plan none;
static struct plan *plan = &none;

__attribute__((constructor)) static void open_file(void) {
  const char *path = getenv("FAILING_ALLOCATOR_FILE");
  if (path == NULL) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *memory = mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory != MAP_FAILED) plan = memory;
}

static int fails(void) {
  uint64_t number = __atomic_add_fetch(&plan->count, 1, __ATOMIC_RELAXED);
  if (number < plan->first || number > plan->last) return 0;
  errno = ENOMEM;
  return 1;
}

// dlsym allocates, so these are reached by the names that glibc has for them.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }

void *calloc(size_t count, size_t size) { return fails() ? NULL : __libc_calloc(count, size); }

void *realloc(void *memory, size_t size) {
  return fails() ? NULL : __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : __libc_memalign(alignment, size);
}

void *memalign(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  void *found = aligned_alloc(alignment, size);
  if (found == NULL) return ENOMEM;
  *memory = found;
  return 0;
}

void *mremap(void *old, size_t old_size, size_t size, int flags, ...) {
  if (getenv("FAILING_MREMAP") != NULL) {
    errno = ENOSYS;
    return MAP_FAILED;
  }
  va_list rest;
  va_start(rest, flags);
  void *place = flags & MREMAP_FIXED ? va_arg(rest, void *) : NULL;
  va_end(rest);
  return (void *)syscall(SYS_mremap, old, old_size, size, flags, place);
}
