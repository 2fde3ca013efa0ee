#define _GNU_SOURCE
#include "CEpoll.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <linux/sockios.h>
#include <unistd.h>

static int result(int value) { return value < 0 ? -errno : value; }

static socklen_t to_sockaddr(const cepoll_address *from, struct sockaddr_storage *to) {
  memset(to, 0, sizeof *to);
  if (from->family == 4) {
    struct sockaddr_in *in = (struct sockaddr_in *)to;
    in->sin_family = AF_INET;
    in->sin_port = htons(from->port);
    memcpy(&in->sin_addr, from->host, 4);
    return sizeof *in;
  }
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
  in6->sin6_family = AF_INET6;
  in6->sin6_port = htons(from->port);
  in6->sin6_scope_id = from->scope;
  memcpy(&in6->sin6_addr, from->host, 16);
  return sizeof *in6;
}

/// An IPv4 address in IPv6's clothes (RFC 4291 §2.5.5.2) is what it is beneath: the kernel treats it so, too.
static void set_in6(cepoll_address *address, const struct in6_addr *in6) {
  int is_mapped = IN6_IS_ADDR_V4MAPPED(in6);
  address->family = is_mapped ? 4 : 6;
  memcpy(address->host, in6->s6_addr + (is_mapped ? 12 : 0), is_mapped ? 4 : 16);
}

int cepoll_address_from(const void *sockaddr, cepoll_address *address) {
  memset(address, 0, sizeof *address);
  const struct sockaddr *any = sockaddr;
  if (any->sa_family == AF_INET) {
    const struct sockaddr_in *in = sockaddr;
    address->family = 4;
    address->port = ntohs(in->sin_port);
    memcpy(address->host, &in->sin_addr, 4);
    return 0;
  }
  if (any->sa_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = sockaddr;
    set_in6(address, &in6->sin6_addr);
    address->port = ntohs(in6->sin6_port);
    if (address->family == 6) address->scope = in6->sin6_scope_id;
    return 0;
  }
  return -EAFNOSUPPORT;
}

/// An interface's index out of its name or its number, all of it; 0 for what is neither. No name has a character in it
/// that means something in an address, a URL or a log. In a URL "25" stands in front of it (RFC 6874 §2).
static uint32_t scope_of(const char *zone) {
  size_t length = strlen(zone);
  size_t digits = strspn(zone, "0123456789");
  if (length == 0 || length >= IF_NAMESIZE) return 0;
  for (const char *at = zone; *at; at++) {
    if (*at <= ' ' || *at > '~' || strchr("%/:[]", *at)) return 0;
  }
  uint32_t index = if_nametoindex(zone);
  if (index == 0 && strncmp(zone, "25", 2) == 0) index = if_nametoindex(zone + 2);
  if (index || digits < length) return index;
  unsigned long long number = strtoull(zone, NULL, 10);
  return number <= INT32_MAX ? (uint32_t)number : 0;
}

int cepoll_address_parse(const char *text, cepoll_address *address) {
  memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET, text, address->host) == 1) {
    address->family = 4;
    return 0;
  }
  char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1];
  struct in6_addr in6;
  if (strlen(text) >= sizeof host) return -EINVAL;
  strcpy(host, text);
  char *percent = strchr(host, '%');
  if (percent) *percent = 0;
  if (inet_pton(AF_INET6, host, &in6) != 1) return -EINVAL;
  set_in6(address, &in6);
  if (!percent) return 0;
  address->scope = scope_of(percent + 1);
  return address->scope && address->family == 6 ? 0 : -ENODEV;
}

int cepoll_address_format(const cepoll_address *address, char *text, size_t capacity) {
  int family = address->family == 4 ? AF_INET : AF_INET6;
  if (!inet_ntop(family, address->host, text, (socklen_t)capacity)) return -errno;
  if (address->scope) {
    size_t used = strlen(text);
    snprintf(text + used, capacity - used, "%%%u", address->scope);
  }
  return 0;
}

int cepoll_socket(int family) {
  int domain = family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNIX;
  return result(socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int cepoll_set_option(int fd, enum cepoll_option option, int value) {
  static const struct { int level, name; } names[] = {
    [CEPOLL_NODELAY] = {IPPROTO_TCP, TCP_NODELAY},
    [CEPOLL_REUSEADDR] = {SOL_SOCKET, SO_REUSEADDR},
    [CEPOLL_V6ONLY] = {IPPROTO_IPV6, IPV6_V6ONLY},
    [CEPOLL_NOTSENT_LOWAT] = {IPPROTO_TCP, TCP_NOTSENT_LOWAT},
    [CEPOLL_USER_TIMEOUT] = {IPPROTO_TCP, TCP_USER_TIMEOUT},
    [CEPOLL_KEEPALIVE] = {SOL_SOCKET, SO_KEEPALIVE},
    [CEPOLL_KEEPALIVE_IDLE] = {IPPROTO_TCP, TCP_KEEPIDLE},
    [CEPOLL_KEEPALIVE_INTERVAL] = {IPPROTO_TCP, TCP_KEEPINTVL},
    [CEPOLL_KEEPALIVE_PROBES] = {IPPROTO_TCP, TCP_KEEPCNT},
  };
  return result(setsockopt(fd, names[option].level, names[option].name, &value, sizeof value));
}

int cepoll_bind(int fd, const cepoll_address *address) {
  struct sockaddr_storage storage;
  socklen_t length = to_sockaddr(address, &storage);
  return result(bind(fd, (struct sockaddr *)&storage, length));
}

int cepoll_listen(int fd, int backlog) { return result(listen(fd, backlog)); }

int cepoll_accept(int fd, cepoll_address *peer) {
  struct sockaddr_storage storage;
  for (;;) {
    socklen_t length = sizeof storage;
    int accepted = accept4(fd, (struct sockaddr *)&storage, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    // A client that is gone before it was accepted is no error of the listener: take the next.
    if (accepted < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (accepted < 0) return -errno;
    // A client of a Unix socket has no address; `peer` says so by its family 0.
    cepoll_address_from(&storage, peer);
    return accepted;
  }
}

int cepoll_connect(int fd, const cepoll_address *address) {
  struct sockaddr_storage storage;
  socklen_t length = to_sockaddr(address, &storage);
  int outcome = connect(fd, (struct sockaddr *)&storage, length);
  // An interrupted connect goes on in the background, as a non-blocking one does.
  return outcome < 0 && errno == EINTR ? -EINPROGRESS : result(outcome);
}

static int to_sockaddr_un(const char *path, struct sockaddr_un *to) {
  size_t length = strlen(path);
  if (length >= sizeof to->sun_path) return -ENAMETOOLONG;
  memset(to, 0, sizeof *to);
  to->sun_family = AF_UNIX;
  memcpy(to->sun_path, path, length);
  return 0;
}

int cepoll_notify_socket(void) {
  return result(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int cepoll_notify(int fd, const char *name, const void *bytes, size_t count) {
  struct sockaddr_un address;
  if (name[0] != '/' && name[0] != '@') return -EAFNOSUPPORT;
  int outcome = to_sockaddr_un(name, &address);
  if (outcome < 0) return outcome;
  if (name[0] == '@') address.sun_path[0] = 0;
  // All of an abstract name counts, also zeros behind it.
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
  return result(sendto(fd, bytes, count, MSG_NOSIGNAL, (struct sockaddr *)&address, length) < 0 ? -1 : 0);
}

int cepoll_connect_path(int fd, const char *path) {
  struct sockaddr_un address;
  int outcome = to_sockaddr_un(path, &address);
  if (outcome < 0) return outcome;
  do {
    outcome = result(connect(fd, (struct sockaddr *)&address, sizeof address));
  } while (outcome == -EINTR);
  return outcome;
}

/// Whether `path` is a socket that no process has any more. The question is put by a socket of another type, which the
/// kernel refuses with another error where there is one: so it is nobody's client.
static int is_stale(const char *path) {
  struct stat status;
  if (lstat(path, &status) < 0 || !S_ISSOCK(status.st_mode)) return 0;
  int probe = cepoll_notify_socket();
  if (probe < 0) return 0;
  int outcome = cepoll_connect_path(probe, path);
  close(probe);
  return outcome == -ECONNREFUSED;
}

int cepoll_listen_on_path(int fd, const char *path, int is_private, int backlog, cepoll_file *file) {
  struct sockaddr_un address;
  int outcome = to_sockaddr_un(path, &address);
  if (outcome < 0) return outcome;
  // Who may write to the socket file may connect: whom the umask lets, but never everybody.
  mode_t mask = umask(0);
  umask(mask | (is_private ? S_IXUSR | S_IRWXG | S_IRWXO : S_IWOTH));
  outcome = result(bind(fd, (struct sockaddr *)&address, sizeof address));
  if (outcome == -EADDRINUSE && is_stale(path)) {
    unlink(path);
    outcome = result(bind(fd, (struct sockaddr *)&address, sizeof address));
  }
  umask(mask);
  struct stat status;
  if (outcome < 0) {
    // The kernel calls any file in the way an address in use.
    int is_file = outcome == -EADDRINUSE && lstat(path, &status) == 0 && !S_ISSOCK(status.st_mode);
    return is_file ? -EEXIST : outcome;
  }
  *file = (cepoll_file){0};
  if (lstat(path, &status) == 0) *file = (cepoll_file){status.st_dev, status.st_ino};
  outcome = cepoll_listen(fd, backlog);
  if (outcome < 0) unlink(path);
  return outcome;
}

void cepoll_remove_path(const char *path, cepoll_file file) {
  struct stat status;
  if (lstat(path, &status) < 0 || status.st_dev != file.device || status.st_ino != file.number) return;
  // The file system may have given the number to the next file: somebody who listens keeps his.
  if (is_stale(path)) unlink(path);
}

int cepoll_local_address(int fd, cepoll_address *address) {
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0) return -errno;
  return cepoll_address_from(&storage, address);
}

int cepoll_socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return errno;
  return error;
}

ssize_t cepoll_receive(int fd, void *bytes, size_t capacity) {
  for (;;) {
    ssize_t count = recv(fd, bytes, capacity, 0);
    if (count >= 0) return count;
    if (errno != EINTR) return -errno;
  }
}

ssize_t cepoll_send(int fd, const void *bytes, size_t count) {
  for (;;) {
    ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    if (errno != EINTR) return -errno;
  }
}

// The C library's structure ends before this field of the kernel's.
enum { BYTES_ACKED_OFFSET = 120 };

cepoll_transport_state cepoll_transport_state_of(int fd) {
  cepoll_transport_state state = {0};
  union {
    struct tcp_info info;
    char bytes[256];
  } kernel;
  socklen_t length = sizeof kernel;
  if (ioctl(fd, SIOCOUTQ, &state.unacknowledged) < 0) state.unacknowledged = 0;
  // There is none of a Unix domain socket.
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &kernel, &length) < 0) return state;
  if (length >= BYTES_ACKED_OFFSET + sizeof state.acknowledged) {
    memcpy(&state.acknowledged, kernel.bytes + BYTES_ACKED_OFFSET, sizeof state.acknowledged);
  }
  // A closed window is probed at intervals that grow to minutes; one probe may be on its way.
  // Of a connection that its peer has reset, the kernel still counts what can no longer arrive.
  if (kernel.info.tcpi_state == TCP_CLOSE) state.unacknowledged = 0;
  state.is_holding_off =
      state.unacknowledged > 0 && kernel.info.tcpi_unacked == 0 && kernel.info.tcpi_probes < 2;
  return state;
}

int cepoll_shutdown_write(int fd) { return result(shutdown(fd, SHUT_WR)); }

int cepoll_abort_on_close(int fd, int aborts) {
  struct linger linger = {.l_onoff = aborts, .l_linger = 0};
  return result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

// Not repeated on EINTR: on Linux the descriptor is gone either way.
int cepoll_close(int fd) { return result(close(fd)); }
