#define _GNU_SOURCE
#include "CEpoll.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>

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
// the programs have no relocations elsewhere (TEXTREL), which the tests check.
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
