#include "CEpoll.h"

#include <dirent.h>

/// `xxxxxxxx.N`: the hash of a CA certificate's subject, and which of those with the same hash it is.
static int is_hashed(const char *name) {
  return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && name[9] >= '0' && name[9] <= '9';
}

int cepoll_hashed_certificates(const char *directory, int limit) {
  DIR *entries = opendir(directory);
  if (!entries) return -errno;
  int count = 0;
  for (struct dirent *entry; count < limit && (entry = readdir(entries));)
    count += is_hashed(entry->d_name);
  closedir(entries);
  return count;
}
