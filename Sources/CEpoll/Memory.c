#define _GNU_SOURCE
#include "CEpoll.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

void __real_free(void *memory) __attribute__((weak));
void __wrap_free(void *memory);
static int wipes;

// The linker puts this in the place of free (--wrap=free): whatever copies of a secret texts and buffers leave behind,
// none is left in the heap.
void __wrap_free(void *memory) {
  if (wipes && memory) explicit_bzero(memory, malloc_usable_size(memory));
  __real_free(memory);
}

void cepoll_wipe_freed_memory(int on) { wipes = on; }

int cepoll_wipes_freed_memory(void) { return wipes; }

// Dropping the pages of a segment that nobody can write loses nothing: the file still has them. What the loader has
// filled in and made read-only since (RELRO) is not in the file, and is part of a segment that says it can be written;
// the programs have no relocations elsewhere (TEXTREL), which the tests check. Segments begin at pages; p_align may be
// more, 64 kB on ARM, and what lies in front of one is another's.
static int drop_segments(struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size;
  (void)unused;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
    uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(uintptr_t)(getpagesize() - 1);
    uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
    madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void cepoll_give_back_memory(void) {
  dl_iterate_phdr(drop_segments, NULL);
  malloc_trim(0);
}

// A client must not take this end for one that the other end made: what is open ends with a reset.
static void reset_connections(void) {
  enum { DESCRIPTORS_MAX = 65536 };
  struct rlimit limit;
  struct linger none = {.l_onoff = 1, .l_linger = 0};
  int end = DESCRIPTORS_MAX;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < DESCRIPTORS_MAX) {
    end = (int)limit.rlim_cur;
  }
  for (int fd = STDERR_FILENO + 1; fd < end; fd++) {
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  }
}

void cepoll_out_of_memory(void) {
  static char text[] = ": out of memory\n";
  static char level[] = "<2>";
  struct iovec pieces[] = {
      {level, cepoll_is_journal(STDERR_FILENO) ? sizeof level - 1 : 0},
      {program_invocation_short_name, strlen(program_invocation_short_name)},
      {text, sizeof text - 1}};
  reset_connections();
  ssize_t written = cepoll_is_writable(STDERR_FILENO) ? writev(STDERR_FILENO, pieces, 3) : 0;
  (void)written;  // there is nobody else to tell
  _exit(1);
}

void *cepoll_allocate(size_t size) {
  void *memory = malloc(size);
  if (memory == NULL && size > 0) cepoll_out_of_memory();
  return memory;
}

void *cepoll_map_twice(size_t size) {
  char *memory = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  // Of shared memory mremap(2) makes a second mapping when the first one's size is given as 0.
  if (mremap(memory, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, memory + size) != MAP_FAILED) return memory;
  munmap(memory, 2 * size);
  return NULL;
}

void cepoll_free_ring(void *memory, size_t size, int is_mapped) {
  if (!is_mapped) {
    free(memory);
    return;
  }
  if (wipes) explicit_bzero(memory, size);
  munmap(memory, 2 * size);
}

// Where Embedded Swift gets all of its memory; Package.swift has the linker put this in its place. Swift has no words
// for an allocation that failed: it would go on with a null pointer.
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
  *memory = memalign(alignment, size);
  if (*memory == NULL) cepoll_out_of_memory();
  return 0;
}
