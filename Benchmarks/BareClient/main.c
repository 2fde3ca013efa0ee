// What any TLS client costs at its start: it reads a trust store, looks a name up, connects and shakes hands, with the
// verification that localproxy does.
//
//   BareClient HOST PORT DIRECTORY    says "connected" when the handshake is done
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "BareClient: %s\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static int connect_to(const char *host, const char *port) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo *found;
  if (getaddrinfo(host, port, &hints, &found) != 0) fail("no such host");
  for (struct addrinfo *next = found; next != NULL; next = next->ai_next) {
    int descriptor = socket(next->ai_family, next->ai_socktype, next->ai_protocol);
    if (descriptor >= 0 && connect(descriptor, next->ai_addr, next->ai_addrlen) == 0) {
      return descriptor;
    }
  }
  fail("cannot connect");
}

int main(int argc, char **argv) {
  if (argc != 4) fail("HOST PORT DIRECTORY");
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  if (context == NULL || !SSL_CTX_load_verify_dir(context, argv[3])) fail("no context");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  SSL *stream = SSL_new(context);
  if (stream == NULL || !SSL_set1_host(stream, argv[1])
      || !SSL_set_tlsext_host_name(stream, argv[1])
      || !SSL_set_fd(stream, connect_to(argv[1], argv[2]))) {
    fail("no stream");
  }
  if (SSL_connect(stream) != 1) fail("no handshake");
  puts("connected");
  return 0;
}
