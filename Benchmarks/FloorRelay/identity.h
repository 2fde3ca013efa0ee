// The contexts of both ends: TLS 1.3 with AES-256-GCM, no certificate checked.
#ifndef FLOOR_IDENTITY_H
#define FLOOR_IDENTITY_H

#include <openssl/ssl.h>

SSL_CTX *client_context(void);
// With neither file, a certificate is made in memory for this process.
SSL_CTX *server_context(const char *certificate_file, const char *key_file);
_Noreturn void fail(const char *what);

#endif
