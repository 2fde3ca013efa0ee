#define _GNU_SOURCE
#include "CEpoll.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

// TCP does not tell a peer that closed from one that only ended its sending direction: both send one FIN.
// But the clients of a local proxy run on the same machine as a rule, and then the kernel knows.

struct request {
  struct nlmsghdr header;
  struct inet_diag_req_v2 body;
};

/// IPv4 in an IPv6 socket is IPv4, for the other side's socket may be of either family.
static void describe(const cepoll_address *own, const cepoll_address *other, struct inet_diag_req_v2 *body) {
  body->sdiag_family = own->family == 4 ? AF_INET : AF_INET6;
  body->sdiag_protocol = IPPROTO_TCP;
  body->idiag_states = ~0U;
  body->id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  body->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  body->id.idiag_sport = htons(own->port);
  body->id.idiag_dport = htons(other->port);
  body->id.idiag_if = own->scope;
  memcpy(body->id.idiag_src, own->host, sizeof own->host);
  memcpy(body->id.idiag_dst, other->host, sizeof other->host);
}

/// Fills in the connection as its peer has it: source and destination exchanged.
static int describe_peer(int fd, struct inet_diag_req_v2 *body) {
  struct sockaddr_storage storage;
  socklen_t length = sizeof storage;
  cepoll_address local, peer;
  if (getpeername(fd, (struct sockaddr *)&storage, &length) < 0) return -errno;
  int outcome = cepoll_address_from(&storage, &peer);
  if (outcome == 0) outcome = cepoll_local_address(fd, &local);
  if (outcome < 0) return outcome;
  describe(&peer, &local, body);
  return 0;
}

cepoll_diagnosis cepoll_begin_diagnosis(void) {
  return (cepoll_diagnosis){.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG)};
}

/// Asks the kernel for one socket: 1 when `answer` is filled in, 0 when there is none, -1 when it does not tell.
static int ask(cepoll_diagnosis *diagnosis, struct request *request, struct inet_diag_msg *answer) {
  cepoll_diagnosis own = {.fd = -1};
  cepoll_diagnosis *kept = diagnosis ? diagnosis : &own;
  if (kept->fd < 0) *kept = cepoll_begin_diagnosis();
  if (kept->fd < 0) return -1;
  request->header.nlmsg_seq = ++kept->question_count;
  union {
    struct nlmsghdr header;
    char bytes[2048];
  } reply;
  ssize_t count = -1;
  // The kernel has answered before send returns.
  if (send(kept->fd, request, sizeof *request, 0) == sizeof *request)
    count = recv(kept->fd, &reply, sizeof reply, 0);
  int is_answered = count >= (ssize_t)sizeof reply.header && reply.header.nlmsg_seq == kept->question_count;
  // No answer may be taken for that to a later question.
  if (!diagnosis || !is_answered) cepoll_end_diagnosis(kept);
  if (!is_answered) return -1;
  if (count >= (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) && reply.header.nlmsg_type == NLMSG_ERROR) {
    struct nlmsgerr error;
    memcpy(&error, NLMSG_DATA(&reply.header), sizeof error);
    return error.error == -ENOENT ? 0 : -1;
  }
  if (count < (ssize_t)NLMSG_LENGTH(sizeof *answer)) return -1;
  if (reply.header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return -1;
  memcpy(answer, NLMSG_DATA(&reply.header), sizeof *answer);
  return 1;
}

/// A Unix socket hangs up when its peer is gone, or when both directions have ended.
static int is_hung_up(int fd) {
  struct pollfd entry = {.fd = fd};
  return poll(&entry, 1, 0) == 1 && entry.revents & POLLHUP;
}

/// A connection that its peer has reset, or that keepalive found dead, is no more, wherever the peer is.
static int is_over(int fd) {
  struct tcp_info info;
  socklen_t length = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_state == TCP_CLOSE;
}

void cepoll_end_diagnosis(cepoll_diagnosis *diagnosis) {
  if (diagnosis->fd >= 0) close(diagnosis->fd);
  diagnosis->fd = -1;
}

static const struct nlmsghdr question = {
  .nlmsg_len = sizeof(struct request), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST,
};

int cepoll_is_listened_on(const cepoll_address *address) {
  struct request request = {.header = question};
  struct inet_diag_msg answer;
  // Who would get the first segment of a connection from the same address.
  describe(address, address, &request.body);
  request.body.id.idiag_dport = 0;
  int outcome = ask(NULL, &request, &answer);
  return outcome == 1 ? answer.idiag_state == TCP_LISTEN : outcome;
}

int cepoll_peer_is_closed(int fd, cepoll_diagnosis *diagnosis) {
  struct request request = {.header = question};
  struct inet_diag_msg answer;
  int family = 0;
  socklen_t length = sizeof family;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length) == 0 && family == AF_UNIX)
    return is_hung_up(fd);
  if (is_over(fd)) return 1;
  if (describe_peer(fd, &request.body) < 0 || ask(diagnosis, &request, &answer) != 1) return 0;
  // A socket that a process has open has an inode; one that lives on in the kernel alone has none.
  return answer.idiag_inode == 0;
}
