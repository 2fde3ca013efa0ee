// Counts calls of libc that cost: allocations and system calls. The library is loaded into a program with LD_PRELOAD,
// and the counts lie in a file that the environment names, for another process to read while the program runs.
#ifndef CALLCOUNTER_H
#define CALLCOUNTER_H

#include <stdint.h>

/// The variable with the path of a file of CALL_COUNTER_COUNT numbers. Without it nothing is counted.
#define CALL_COUNTER_FILE "CALL_COUNTER_FILE"

/// What leaves a hole in the heap that small things fill and the next one does not fit into.
#define CALL_COUNTER_LARGE 4096

/// The places of the numbers in the file, each a uint64_t in the machine's order.
enum call_counter {
  CALL_COUNTER_OWN_ALLOCATION,  // malloc and its like, called by the program itself
  CALL_COUNTER_LARGE_ALLOCATION,  // of those, CALL_COUNTER_LARGE octets or more at once
  CALL_COUNTER_LIBRARY_ALLOCATION,  // by a shared library, such as OpenSSL
  CALL_COUNTER_FREE,  // of memory, not of NULL, by either
  CALL_COUNTER_RECEIVE,  // recv, recvfrom, recvmsg
  CALL_COUNTER_SEND,  // send, sendto, sendmsg
  CALL_COUNTER_READ,  // read, readv
  CALL_COUNTER_WRITE,  // write, writev
  CALL_COUNTER_EPOLL_WAIT,  // epoll_wait, epoll_pwait
  CALL_COUNTER_EPOLL_CTL,
  CALL_COUNTER_OTHER,  // accept4, connect, socket, close, shutdown, setsockopt, getsockopt, ioctl, poll
  CALL_COUNTER_COUNT,
};

#endif
