#include "endpoint.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int epoll_set = -1;
static struct endpoint *closed;

// MARK: - The BIO

static int bio_read(BIO *bio, char *bytes, int capacity) {
  struct endpoint *endpoint = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (endpoint->in_start == endpoint->in_end) {
    if (endpoint->dry) {
      BIO_set_retry_read(bio);
      return -1;
    }
    ssize_t count = recv(endpoint->fd, endpoint->in, CIPHERTEXT_SIZE, 0);
    if (count <= 0) {
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        endpoint->dry = true;
        BIO_set_retry_read(bio);
        return -1;
      }
      return 0;
    }
    // A short count means the socket is empty: asking again would most likely be in vain.
    endpoint->dry = count < CIPHERTEXT_SIZE;
    endpoint->in_start = 0;
    endpoint->in_end = (size_t)count;
  }
  size_t count = endpoint->in_end - endpoint->in_start;
  if (count > (size_t)capacity) count = (size_t)capacity;
  memcpy(bytes, endpoint->in + endpoint->in_start, count);
  endpoint->in_start += count;
  return (int)count;
}

static int bio_write(BIO *bio, const char *bytes, int count) {
  struct endpoint *endpoint = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (OUT_SIZE - endpoint->out_end < (size_t)count) {
    BIO_set_retry_write(bio);
    return -1;
  }
  memcpy(endpoint->out + endpoint->out_end, bytes, (size_t)count);
  endpoint->out_end += (size_t)count;
  return count;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
  (void)bio, (void)number, (void)pointer;
  return command == BIO_CTRL_FLUSH;
}

static BIO *make_bio(struct endpoint *endpoint) {
  static BIO_METHOD *method;
  if (method == NULL) {
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "floor");
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
  }
  BIO *bio = BIO_new(method);
  BIO_set_data(bio, endpoint);
  BIO_set_init(bio, 1);
  return bio;
}

// MARK: - Life

struct endpoint *endpoint_new(int fd, enum role role, SSL_CTX *context) {
  struct endpoint *endpoint = calloc(1, sizeof *endpoint);
  if (endpoint == NULL) abort();
  endpoint->fd = fd;
  endpoint->role = role;
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (context != NULL) {
    endpoint->in = malloc(CIPHERTEXT_SIZE);
    endpoint->out = malloc(OUT_SIZE);
    endpoint->ssl = SSL_new(context);
    if (endpoint->in == NULL || endpoint->out == NULL || endpoint->ssl == NULL) abort();
    BIO *bio = make_bio(endpoint);
    SSL_set_bio(endpoint->ssl, bio, bio);
    if (SSL_CTX_get0_certificate(context) != NULL) {
      SSL_set_accept_state(endpoint->ssl);
    } else {
      SSL_set_connect_state(endpoint->ssl);
    }
  }
  return endpoint;
}

void endpoint_close(struct endpoint *endpoint) {
  if (endpoint->fd < 0) return;
  if (endpoint->ssl != NULL && !endpoint->failed) {
    ERR_clear_error();
    SSL_shutdown(endpoint->ssl);
    endpoint_flush(endpoint);
  }
  close(endpoint->fd);
  endpoint->fd = -1;
  endpoint->next = closed;
  closed = endpoint;
}

void endpoint_sweep(void) {
  while (closed != NULL) {
    struct endpoint *endpoint = closed;
    closed = endpoint->next;
    SSL_free(endpoint->ssl);
    free(endpoint->in);
    free(endpoint->out);
    free(endpoint);
  }
}

// MARK: - Bytes

// What a failed SSL call means: 0 to wait, -1 for the end.
static ssize_t outcome(struct endpoint *endpoint, int result) {
  int error = SSL_get_error(endpoint->ssl, result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 0;
  endpoint->failed = error != SSL_ERROR_ZERO_RETURN;
  return -1;
}

ssize_t endpoint_read(struct endpoint *endpoint, uint8_t *bytes, size_t capacity) {
  if (endpoint->ssl == NULL) {
    if (endpoint->dry) return 0;
    ssize_t count = recv(endpoint->fd, bytes, capacity, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    endpoint->dry = count < (ssize_t)capacity;
    return count > 0 ? count : -1;
  }
  size_t total = 0;
  while (total < capacity) {
    size_t count = 0;
    ERR_clear_error();
    int result = SSL_read_ex(endpoint->ssl, bytes + total, capacity - total, &count);
    if (result <= 0) {
      if (total > 0) break;  // An end will be met again by the next read.
      return endpoint_flush(endpoint) ? outcome(endpoint, result) : -1;
    }
    total += count;
  }
  return (ssize_t)total;
}

bool endpoint_flush(struct endpoint *endpoint) {
  if (!endpoint_has_output(endpoint)) return true;
  size_t count = endpoint->out_end - endpoint->out_start;
  ssize_t sent = send(endpoint->fd, endpoint->out + endpoint->out_start, count, MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  endpoint->out_start += (size_t)sent;
  if (endpoint->out_start == endpoint->out_end) endpoint->out_start = endpoint->out_end = 0;
  return true;
}

ssize_t endpoint_write(struct endpoint *endpoint, const uint8_t *bytes, size_t count) {
  if (endpoint->ssl == NULL) {
    ssize_t sent = send(endpoint->fd, bytes, count, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return sent;
  }
  if (!endpoint_flush(endpoint)) return -1;
  if (endpoint_has_output(endpoint)) return 0;
  size_t total = 0;
  while (total < count) {
    size_t written = 0;
    ERR_clear_error();
    int result = SSL_write_ex(endpoint->ssl, bytes + total, count - total, &written);
    if (result <= 0) {
      if (outcome(endpoint, result) < 0) return -1;
      break;
    }
    total += written;
  }
  return endpoint_flush(endpoint) ? (ssize_t)total : -1;
}

void endpoint_watch(struct endpoint *endpoint, uint32_t interest) {
  if (endpoint->fd < 0 || (endpoint->registered && endpoint->interest == interest)) return;
  struct epoll_event event = {.events = interest, .data.ptr = endpoint};
  epoll_ctl(epoll_set, endpoint->registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, endpoint->fd, &event);
  endpoint->registered = true;
  endpoint->interest = interest;
}
