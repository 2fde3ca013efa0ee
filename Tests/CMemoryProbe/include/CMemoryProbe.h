// What a program does with memory, made visible: allocations that can be counted, and pages that trap.
#ifndef CMEMORYPROBE_H
#define CMEMORYPROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether `memory_probe_allocation_count` counts. It does with glibc, where a program's own malloc takes the place of
/// the library's for every library, and not under AddressSanitizer, which does the same.
bool memory_probe_counts_allocations(void);

/// Allocations by this thread so far: calls of malloc, calloc, realloc, aligned_alloc and posix_memalign.
uint64_t memory_probe_allocation_count(void);

/// Time that this thread has had a processor for.
uint64_t memory_probe_thread_nanoseconds(void);

/// Memory whose last byte lies in front of a page that cannot be read or written; NULL when there is none.
/// Whoever touches what is behind it is ended by SIGSEGV.
uint8_t *memory_probe_map_at_page_end(size_t count);

/// Gives it back.
void memory_probe_unmap_at_page_end(uint8_t *bytes, size_t count);

#endif
