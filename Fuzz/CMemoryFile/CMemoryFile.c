#define _GNU_SOURCE
#include "CMemoryFile.h"

#include <sys/mman.h>
#include <unistd.h>

int memory_file_make(void) { return memfd_create("fuzz", MFD_CLOEXEC); }

int memory_file_replace(int descriptor, const void *bytes, size_t count) {
  if (ftruncate(descriptor, 0) < 0) return -1;
  return pwrite(descriptor, bytes, count, 0) == (ssize_t)count ? 0 : -1;
}

void memory_file_close(int descriptor) { close(descriptor); }
