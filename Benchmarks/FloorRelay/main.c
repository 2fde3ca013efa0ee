// FloorRelay: the least CPU that a TCP to TLS relay can take with this OpenSSL. It has no
// WebSocket, no tunnel messages and no service; three of it stand where source proxy, service and
// destination proxy stand, and ProxyBench holds localproxy against it.
//
//   FloorRelay hub --listen 127.0.0.1:0 [--cert FILE --key FILE]
//   FloorRelay source --listen 127.0.0.1:0 --hub HOST:PORT
//   FloorRelay destination --hub HOST:PORT --connect HOST:PORT
//
// Each local connection has a TLS connection of its own. The source and the destination keep one
// spare, its handshake done, so that a local connection does not wait for it. The source says "S\n"
// when a client came; the destination says "D\n" at once; the hub joins the two and tells the
// destination "G", which then connects to the server.
#define _GNU_SOURCE  // accept4
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "identity.h"
#include "relay.h"

enum mode { MODE_HUB, MODE_SOURCE, MODE_DESTINATION };

struct queue {
  struct endpoint *first, *last;
};

static enum mode mode;
static const char *hub_address, *server_address;
static SSL_CTX *context;
static struct queue sources, destinations;  // hub: those that wait for a partner
static struct endpoint *spare;              // source: the one connection in stock
static struct queue clients;                // source: those that came faster than spares

static void push(struct queue *queue, struct endpoint *endpoint) {
  endpoint->next = NULL;
  if (queue->first == NULL) {
    queue->first = endpoint;
  } else {
    queue->last->next = endpoint;
  }
  queue->last = endpoint;
}

static struct endpoint *pop(struct queue *queue) {
  struct endpoint *endpoint = queue->first;
  if (endpoint != NULL) queue->first = endpoint->next;
  return endpoint;
}

static void drop(struct queue *queue, struct endpoint *endpoint) {
  struct endpoint *previous = NULL;
  for (struct endpoint **link = &queue->first; *link != NULL; link = &(*link)->next) {
    if (*link == endpoint) {
      *link = endpoint->next;
      if (queue->last == endpoint) queue->last = previous;
      return;
    }
    previous = *link;
  }
}

// MARK: - Sockets

static struct addrinfo *resolve(const char *address, int flags) {
  const char *colon = strrchr(address, ':');
  if (colon == NULL) fail("an address is HOST:PORT");
  char host[256];
  snprintf(host, sizeof host, "%.*s", (int)(colon - address), address);
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags}, *list = NULL;
  if (getaddrinfo(host, colon + 1, &hints, &list) != 0) fail("cannot resolve the address");
  return list;
}

// Loopback connects at once, so waiting for it costs nothing; from then on nothing blocks.
static int connect_to(const char *address) {
  struct addrinfo *list = resolve(address, 0);
  int fd = -1;
  for (struct addrinfo *entry = list; entry != NULL && fd < 0; entry = entry->ai_next) {
    fd = socket(entry->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, entry->ai_addr, entry->ai_addrlen) < 0) {
      close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(list);
  if (fd >= 0) fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

static int listen_on(const char *address) {
  struct addrinfo *list = resolve(address, AI_PASSIVE);
  int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(fd, list->ai_addr, list->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
    fail(strerror(errno));
  }
  freeaddrinfo(list);
  struct sockaddr_storage bound;
  socklen_t length = sizeof bound;
  char host[NI_MAXHOST], port[NI_MAXSERV];
  getsockname(fd, (struct sockaddr *)&bound, &length);
  getnameinfo(
    (struct sockaddr *)&bound, length, host, sizeof host, port, sizeof port,
    NI_NUMERICHOST | NI_NUMERICSERV);
  printf("listening on %s:%s\n", host, port);
  fflush(stdout);
  return fd;
}

// MARK: - The three modes

static struct endpoint *connect_to_hub(void) {
  int fd = connect_to(hub_address);
  if (fd < 0) fail("cannot connect to the hub");
  struct endpoint *endpoint = endpoint_new(fd, ROLE_SPARE, context);
  endpoint_watch(endpoint, EPOLLIN);
  SSL_do_handshake(endpoint->ssl);  // The greeting; advance_spare does the rest.
  endpoint_flush(endpoint);
  return endpoint;
}

// Source: a client takes the spare once its handshake is done.
static void join_clients(void) {
  while (spare != NULL && clients.first != NULL && SSL_is_init_finished(spare->ssl)) {
    struct endpoint *client = pop(&clients), *endpoint = spare;
    if (endpoint_write(endpoint, (const uint8_t *)"S\n", 2) != 2) fail("the hub is gone");
    relay_join(client, endpoint);
    spare = connect_to_hub();
  }
}

// A connection to the hub that is not relayed yet: its handshake goes on, then the destination
// says its hello and waits for the hub's word.
static void advance_spare(struct endpoint *endpoint) {
  if (!SSL_is_init_finished(endpoint->ssl)) {
    int result = SSL_do_handshake(endpoint->ssl);
    if (!endpoint_flush(endpoint)) fail("the hub is gone");
    if (result <= 0) {
      int error = SSL_get_error(endpoint->ssl, result);
      if (error != SSL_ERROR_WANT_READ) fail("the handshake with the hub failed");
      return;
    }
    if (mode == MODE_DESTINATION) endpoint_write(endpoint, (const uint8_t *)"D\n", 2);
  }
  if (mode == MODE_SOURCE) {
    join_clients();
    if (endpoint->relay != NULL) return;
  }
  uint8_t word;
  ssize_t count = endpoint_read(endpoint, &word, 1);
  if (count < 0) fail("the hub is gone");
  if (count == 0) return;
  spare = connect_to_hub();
  int fd = connect_to(server_address);
  if (fd < 0) {
    endpoint_close(endpoint);
  } else {
    relay_join(endpoint, endpoint_new(fd, ROLE_LOCAL, NULL));
  }
}

static void join_peers(void) {
  while (sources.first != NULL && destinations.first != NULL) {
    struct endpoint *source = pop(&sources), *destination = pop(&destinations);
    endpoint_write(destination, (const uint8_t *)"G", 1);
    relay_join(source, destination);
  }
}

// Hub: reads the hello. A source that waits is not read, for its client may speak first; a
// destination that waits has nothing to say, so what comes then is its end.
static void advance_peer(struct endpoint *endpoint) {
  uint8_t hello[2];
  ssize_t count = endpoint_read(endpoint, hello, endpoint->hello == 0 ? sizeof hello : 1);
  if (count == 0) return;
  if (endpoint->hello != 0 || count != 2 || (hello[0] != 'S' && hello[0] != 'D')) {
    drop(&sources, endpoint);
    drop(&destinations, endpoint);
    endpoint_close(endpoint);
    return;
  }
  endpoint->hello = (char)hello[0];
  if (endpoint->hello == 'S') endpoint_watch(endpoint, 0);
  push(hello[0] == 'S' ? &sources : &destinations, endpoint);
  join_peers();
}

static void accept_all(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (mode == MODE_HUB) {
      endpoint_watch(endpoint_new(fd, ROLE_HUB_PEER, context), EPOLLIN);
    } else {
      push(&clients, endpoint_new(fd, ROLE_LOCAL, NULL));
      join_clients();
    }
  }
}

static void handle(struct endpoint *endpoint, uint32_t events) {
  if (endpoint->fd < 0) return;  // Closed earlier in this batch.
  if (events & EPOLLIN) endpoint->dry = false;
  if (endpoint->relay != NULL) {
    if ((events & (EPOLLERR | EPOLLHUP)) && !(events & EPOLLIN)) {
      relay_end(endpoint->relay);
    } else {
      relay_pump(endpoint->relay);
    }
  } else if (endpoint->role == ROLE_SPARE) {
    advance_spare(endpoint);
  } else if (endpoint->role == ROLE_HUB_PEER) {
    advance_peer(endpoint);
  }
}

static void run(int listener) {
  struct epoll_event accepting = {.events = EPOLLIN, .data.ptr = NULL};
  if (listener >= 0) epoll_ctl(epoll_set, EPOLL_CTL_ADD, listener, &accepting);
  for (;;) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll_set, events, 64, -1);
    for (int index = 0; index < count; index++) {
      if (events[index].data.ptr == NULL) {
        accept_all(listener);
      } else {
        handle(events[index].data.ptr, events[index].events);
      }
    }
    endpoint_sweep();
  }
}

static void on_terminate(int number) {
  (void)number;
  _exit(0);
}

static _Noreturn void usage(void) {
  fputs(
    "usage: FloorRelay hub --listen HOST:PORT [--cert FILE --key FILE]\n"
    "       FloorRelay source --listen HOST:PORT --hub HOST:PORT\n"
    "       FloorRelay destination --hub HOST:PORT --connect HOST:PORT\n"
    "       FloorRelay version\n",
    stderr);
  exit(2);
}

int main(int count, char **arguments) {
  const char *listen_address = NULL, *certificate_file = NULL, *key_file = NULL;
  if (count == 2 && strcmp(arguments[1], "version") == 0) {
    puts(OpenSSL_version(OPENSSL_VERSION));
    return 0;
  }
  if (count < 4 || count % 2 != 0) usage();
  for (int index = 2; index < count; index += 2) {
    const char *name = arguments[index], *value = arguments[index + 1];
    if (strcmp(name, "--listen") == 0) {
      listen_address = value;
    } else if (strcmp(name, "--hub") == 0) {
      hub_address = value;
    } else if (strcmp(name, "--connect") == 0) {
      server_address = value;
    } else if (strcmp(name, "--cert") == 0) {
      certificate_file = value;
    } else if (strcmp(name, "--key") == 0) {
      key_file = value;
    } else {
      usage();
    }
  }
  signal(SIGTERM, on_terminate);
  signal(SIGINT, on_terminate);
  signal(SIGPIPE, SIG_IGN);
  epoll_set = epoll_create1(EPOLL_CLOEXEC);

  if (strcmp(arguments[1], "hub") == 0 && listen_address != NULL) {
    mode = MODE_HUB;
    context = server_context(certificate_file, key_file);
    run(listen_on(listen_address));
  } else if (strcmp(arguments[1], "source") == 0 && listen_address && hub_address) {
    mode = MODE_SOURCE;
    context = client_context();
    spare = connect_to_hub();
    run(listen_on(listen_address));
  } else if (strcmp(arguments[1], "destination") == 0 && hub_address && server_address) {
    mode = MODE_DESTINATION;
    context = client_context();
    spare = connect_to_hub();
    run(-1);
  }
  usage();
}
