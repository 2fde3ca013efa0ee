import COpenSSL
import Foundation
import Testing

@testable import Reactor

@Suite("CertificateFile")
final class CertificateFileTests {
  private let path = FileManager.default.temporaryDirectory
    .appendingPathComponent("localproxy-bundle-\(UUID().uuidString)").path
  private let context = SSL_CTX_new(TLS_client_method())

  deinit {
    SSL_CTX_free(context)
    try? FileManager.default.removeItem(atPath: path)
  }

  private func write(_ parts: [String]) throws {
    try parts.joined(separator: "\n").write(toFile: path, atomically: false, encoding: .utf8)
  }

  private static func text(_ identity: Result<Identity, any Error>) throws -> String {
    try String(contentsOfFile: identity.get().certificate, encoding: .utf8)
  }

  /// The certificates in the store after somebody looked for one of this subject; nil when none was found.
  private func find(_ commonName: String) -> Int? {
    let name = X509_NAME_new()
    X509_NAME_add_entry_by_txt(name, "CN", Self.multibyteUTF8, commonName, -1, -1, 0)
    let store = SSL_CTX_get_cert_store(context)
    let storeContext = X509_STORE_CTX_new()
    let object = X509_OBJECT_new()
    defer {
      X509_OBJECT_free(object)
      X509_STORE_CTX_free(storeContext)
      X509_NAME_free(name)
    }
    X509_STORE_CTX_init(storeContext, store, nil, nil)
    if X509_STORE_CTX_get_by_subject(storeContext, X509_LU_X509, name, object) != 1 { return nil }
    return Int(OPENSSL_sk_num(X509_STORE_get0_objects(store)))
  }

  /// MBSTRING_UTF8 of openssl/asn1.h.
  private static let multibyteUTF8: Int32 = 0x1000

  @Test("only the certificates of the wanted subject are taken out of it, whatever stands between")
  func findsWanted() throws {
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    try write([
      "# a bundle", Self.text(Identity.otherSubject), broken, Self.text(Identity.trusted),
      "between", Self.text(Identity.unknown),
    ])
    let file = try #require(CertificateFile(path))
    file.join(try #require(context))
    #expect(find("nobody") == nil)
    #expect(find("localproxy tests") == 2)
    #expect(find("another") == 3)
    #expect(find("localproxy tests") == 3)
    #expect(ERR_peek_error() == 0)
    withExtendedLifetime(file) {}
  }

  @Test("a file that was replaced since its index was made is read anew")
  func noticesReplacement() throws {
    try write([Self.text(Identity.otherSubject), Self.text(Identity.trusted)])
    let file = try #require(CertificateFile(path))
    file.join(try #require(context))
    #expect(find("nobody") == nil)
    try write(["moved", Self.text(Identity.trusted), Self.text(Identity.otherSubject)])
    #expect(find("localproxy tests") == 1)
    #expect(find("another") == 2)
    withExtendedLifetime(file) {}
  }

  @Test("a file that is not there, or has no certificate, is none", arguments: [nil, "", "text"])
  func refuses(text: String?) throws {
    if let text { try write([text]) }
    ERR_clear_error()
    #expect(CertificateFile(path) == nil)
    #expect(!TLSError.takeReason().isEmpty)
  }
}
