#ifndef CMEMORYFILE_H
#define CMEMORYFILE_H

#include <stddef.h>

/// A file that is in no directory; its descriptor, or -1.
int memory_file_make(void);
/// Replaces what is in it: 0, or -1.
int memory_file_replace(int descriptor, const void *bytes, size_t count);
void memory_file_close(int descriptor);

#endif
