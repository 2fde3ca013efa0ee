// One side of a relayed connection: a non-blocking socket, in the clear or under TLS.
//
// Under TLS, OpenSSL never touches the socket. Its BIO takes ciphertext from `in`, which one large
// recv() fills, and puts ciphertext into `out`, which one send() empties, so that several
// records cost one system call each way instead of one each (or, for reading, two).
#ifndef FLOOR_ENDPOINT_H
#define FLOOR_ENDPOINT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
  // Plaintext moved at a time, and ciphertext received at a time. Over eight fresh sets of programs
  // these took 0.90 to 0.98 of the CPU of 64 and 128 KiB; two equal programs differed by 0.99 to
  // 1.06 (medians), so only the sender's gain, 0.90, stands clear of the noise.
  PLAINTEXT_SIZE = 32 * 1024,
  CIPHERTEXT_SIZE = 64 * 1024,
  // Room for one plaintext buffer as records (22 bytes more for each 16 KiB), and for what the
  // handshake or a key update adds.
  OUT_SIZE = PLAINTEXT_SIZE + 16 * 1024,
};

// Who is on the other end, which decides what an event means until the endpoint is relayed.
enum role {
  ROLE_HUB_PEER,   // hub: a relay that has yet to say S or D
  ROLE_SPARE,      // source and destination: a connection to the hub, waiting for use
  ROLE_LOCAL,      // source and destination: the plain TCP side
};

struct relay;

struct endpoint {
  int fd;
  enum role role;
  SSL *ssl;  // NULL in the clear
  uint32_t interest;  // what epoll was last told, so that it is told changes only
  bool registered;
  bool dry;     // the last recv took all there was; do not ask again before epoll says so
  bool failed;  // the socket or TLS is beyond use
  struct relay *relay;    // NULL until paired
  struct endpoint *next;  // in the hub's queue, or in the list of the closed
  char hello;             // hub: S or D once read
  uint8_t *in, *out;      // allocated under TLS only
  size_t in_start, in_end, out_start, out_end;
};

struct endpoint *endpoint_new(int fd, enum role role, SSL_CTX *context);
// Closes the socket now; the memory goes when endpoint_sweep is called, after the batch of events
// in which others may still point here.
void endpoint_close(struct endpoint *endpoint);
void endpoint_sweep(void);

// Fills as much of `bytes` as is there: the count, 0 if there is nothing yet, -1 at the end.
ssize_t endpoint_read(struct endpoint *endpoint, uint8_t *bytes, size_t capacity);
// Takes what it can: the count, 0 if it has to wait for room, -1 if the peer is gone.
ssize_t endpoint_write(struct endpoint *endpoint, const uint8_t *bytes, size_t count);
// Sends what waits in `out`. False if the peer is gone.
bool endpoint_flush(struct endpoint *endpoint);
void endpoint_watch(struct endpoint *endpoint, uint32_t interest);

static inline bool endpoint_has_output(const struct endpoint *endpoint) {
  return endpoint->out_start < endpoint->out_end;
}

// The one epoll set, made by main.
extern int epoll_set;

#endif
