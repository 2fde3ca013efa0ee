#include "relay.h"

#include <stdlib.h>
#include <sys/epoll.h>

struct flow {
  struct endpoint *from, *to;
  size_t start, end;
  bool ended;   // `from` has no more
  bool broken;  // `to` takes no more
  uint8_t bytes[PLAINTEXT_SIZE];
};

struct relay {
  struct flow flows[2];
};

void relay_join(struct endpoint *one, struct endpoint *other) {
  struct relay *relay = malloc(sizeof *relay);
  if (relay == NULL) abort();
  for (int index = 0; index < 2; index++) {
    struct flow *flow = &relay->flows[index];
    flow->from = index == 0 ? one : other;
    flow->to = index == 0 ? other : one;
    flow->start = flow->end = 0;
    flow->ended = flow->broken = false;
  }
  one->relay = other->relay = relay;
  relay_pump(relay);
}

static void flow_pump(struct flow *flow) {
  for (;;) {
    while (flow->start < flow->end) {
      ssize_t count = endpoint_write(flow->to, flow->bytes + flow->start, flow->end - flow->start);
      if (count < 0) flow->broken = true;
      if (count <= 0) return;
      flow->start += (size_t)count;
      if (flow->start < flow->end && flow->to->ssl == NULL) return;  // The socket is full.
    }
    // Nothing more is read while ciphertext waits, so a slow peer costs these two buffers.
    if (flow->ended || endpoint_has_output(flow->to)) return;
    ssize_t count = endpoint_read(flow->from, flow->bytes, PLAINTEXT_SIZE);
    if (count == 0) return;
    if (count < 0) {
      flow->ended = true;
      return;
    }
    flow->start = 0;
    flow->end = (size_t)count;
  }
}

static bool flow_is_over(const struct flow *flow) {
  return flow->broken
    || (flow->ended && flow->start == flow->end && !endpoint_has_output(flow->to));
}

// `out` is what the endpoint is sent, `in` what it sends.
static void watch(struct endpoint *endpoint, const struct flow *in, const struct flow *out) {
  uint32_t interest = 0;
  bool blocked = in->start < in->end || endpoint_has_output(in->to);
  bool handshaking = endpoint->ssl != NULL && !SSL_is_init_finished(endpoint->ssl);
  if ((!blocked && !in->ended) || handshaking) interest |= EPOLLIN;
  if (endpoint_has_output(endpoint) || (endpoint->ssl == NULL && out->start < out->end)) {
    interest |= EPOLLOUT;
  }
  endpoint_watch(endpoint, interest);
}

void relay_end(struct relay *relay) {
  for (int index = 0; index < 2; index++) {
    relay->flows[index].from->relay = NULL;
    endpoint_close(relay->flows[index].from);
  }
  free(relay);
}

void relay_pump(struct relay *relay) {
  struct flow *there = &relay->flows[0], *back = &relay->flows[1];
  struct endpoint *one = there->from, *other = there->to;
  if (!endpoint_flush(one)) back->broken = true;
  if (!endpoint_flush(other)) there->broken = true;
  flow_pump(there);
  flow_pump(back);
  if (flow_is_over(there) || flow_is_over(back)) {
    relay_end(relay);
    return;
  }
  watch(one, there, back);
  watch(other, back, there);
}
