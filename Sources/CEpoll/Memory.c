#define _GNU_SOURCE
#include "CEpoll.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>

// Dropping the pages of a segment that nobody can write loses nothing: the file still has them.
static int drop_segments(struct dl_phdr_info *object, size_t size, void *unused) {
  (void)size;
  (void)unused;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
    uintptr_t start = (object->dlpi_addr + segment->p_vaddr) & ~(uintptr_t)(segment->p_align - 1);
    uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
    madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void cepoll_give_back_memory(void) {
  dl_iterate_phdr(drop_segments, NULL);
  malloc_trim(0);
}
