#include "identity.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

void fail(const char *what) {
  fprintf(stderr, "FloorRelay: %s\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static SSL_CTX *make_context(const SSL_METHOD *method) {
  SSL_CTX *context = SSL_CTX_new(method);
  if (context == NULL || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION)
      || !SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384")) {
    fail("cannot set up TLS 1.3");
  }
  // SSL_MODE_RELEASE_BUFFERS would save memory at the price of an allocation for each record.
  SSL_CTX_set_mode(
    context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  return context;
}

SSL_CTX *client_context(void) {
  SSL_CTX *context = make_context(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  return context;
}

static void use_own_certificate(SSL_CTX *context) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  if (key == NULL || certificate == NULL) fail("cannot make a certificate");
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME *name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(
    name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  if (!X509_sign(certificate, key, EVP_sha256()) || !SSL_CTX_use_certificate(context, certificate)
      || !SSL_CTX_use_PrivateKey(context, key)) {
    fail("cannot use the certificate made");
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
}

SSL_CTX *server_context(const char *certificate_file, const char *key_file) {
  SSL_CTX *context = make_context(TLS_server_method());
  SSL_CTX_set_num_tickets(context, 0);
  if (certificate_file == NULL && key_file == NULL) {
    use_own_certificate(context);
  } else if (certificate_file == NULL || key_file == NULL) {
    fail("--cert and --key go together");
  } else if (!SSL_CTX_use_certificate_chain_file(context, certificate_file)
             || !SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM)) {
    fail("cannot read the certificate or its key");
  }
  return context;
}
