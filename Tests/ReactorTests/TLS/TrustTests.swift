import COpenSSL
import Foundation
import Testing

@testable import Reactor

@Suite("Trust")
struct TrustTests {
  @Test("a refusal gives the reason, the subject, the issuer and what to do")
  func namesRemedy() {
    for (code, parts) in [
      (X509_V_ERR_HOSTNAME_MISMATCH, ["hostname mismatch", "(-e, or https_proxy) must be one"]),
      (X509_V_ERR_IP_ADDRESS_MISMATCH, ["mismatch", "(-e, or https_proxy) must be one"]),
      (X509_V_ERR_CERT_HAS_EXPIRED, ["certificate has expired", "clock, which says 2"]),
      (X509_V_ERR_CERT_NOT_YET_VALID, ["not yet valid", "clock, which says 2"]),
      (X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, ["unable to get", "--capath (-c)"]),
      (X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, ["self-signed", "--capath (-c)"]),
      (X509_V_ERR_CERT_REVOKED, ["certificate revoked (subject /CN=s, issuer /CN=i)"]),
    ] {
      let error = TLSError.certificate(Int(code), subject: "/CN=s", issuer: "/CN=i")
      for part in parts + ["its certificate was not accepted: ", "/CN=s", "/CN=i"] {
        #expect(error.reason.contains(part), "\(error.reason)")
      }
      #expect(!error.reason.contains("\n") && !error.reason.hasSuffix("; "))
    }
  }

  @Test("a directory adds to the platform's store; one without hashed certificates is warned of")
  func addsDirectory() throws {
    let directory = try Identity.trusted.get().trustDirectory
    let good = try TLSContext(clientTrusting: directory, verifiesPeer: true)
    #expect(good.trustSource.hasSuffix(directory) && good.trustWarning.isEmpty)
    let parent = URL(fileURLWithPath: directory).deletingLastPathComponent().path
    let bad = try TLSContext(clientTrusting: parent, verifiesPeer: true)
    #expect(
      bad.trustWarning
        == "--capath \(parent) has no certificate named by hash in it: run openssl rehash on it, or is it one of its directories?"
    )
    let missing = try TLSContext(clientTrusting: parent + "/none", verifiesPeer: true)
    #expect(
      missing.trustWarning == "--capath \(parent)/none cannot be read: No such file or directory")
  }

  @Test("who verifies nothing reads no store")
  func readsNothingUnverified() throws {
    let context = try TLSContext(clientTrusting: nil, verifiesPeer: false)
    #expect(context.trustSource.isEmpty && context.trustWarning.isEmpty)
  }

  @Test("an error of the system comes with the system's words")
  func namesSystemErrors() {
    ERR_clear_error()
    let context = SSL_CTX_new(TLS_client_method())
    defer { SSL_CTX_free(context) }
    #expect(SSL_CTX_load_verify_file(context, "/nonexistent.pem") != 1)
    #expect(TLSError.takeReason() == "No such file or directory")
    #expect(ERR_peek_error() == 0)
  }
}
