#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "CMemoryProbe.h"

static size_t page(void) { return (size_t)sysconf(_SC_PAGESIZE); }

// Whole pages that hold `count` bytes, one at least.
static size_t readable(size_t count) { return (count / page() + 1) * page(); }

uint8_t *memory_probe_map_at_page_end(size_t count) {
  size_t length = readable(count);
  uint8_t *all = mmap(NULL, length + page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) return NULL;
  if (mprotect(all + length, page(), PROT_NONE) != 0) {
    munmap(all, length + page());
    return NULL;
  }
  return all + length - count;
}

void memory_probe_unmap_at_page_end(uint8_t *bytes, size_t count) {
  size_t length = readable(count);
  munmap(bytes + count - length, length + page());
}
