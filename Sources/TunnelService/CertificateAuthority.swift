import COpenSSL
import Reactor

/// A small certificate authority, so that proxies can verify a tunneld that nobody bought a certificate for.
///
/// `DIR/ca/<hash>.0` is the authority's certificate under the name by which OpenSSL finds it in a directory;
/// `DIR/ca.key`, `DIR/server.pem` and `DIR/server.key` stay private. Made once, then reused.
public struct CertificateAuthority {
  /// What `localproxy -c` takes.
  public let directory: String
  public let serverCertificate: String
  public let serverKey: String

  private static let daysValid = 3_650
  /// What a client may call a tunneld on the same machine.
  private static let serverNames = "DNS:localhost,IP:127.0.0.1,IP:::1"

  /// Opens what an earlier run left in `state`, or makes it.
  public init(state: String) throws(TLSError) {
    do throws(SystemError) {
      try Process.makeDirectory(state, mode: 0o755)
      try Process.makeDirectory(state + "/ca", mode: 0o755)
    } catch {
      throw .configuration(what: state, reason: error.reason)
    }
    directory = Process.absolutePath(state + "/ca")
    serverCertificate = state + "/server.pem"
    serverKey = state + "/server.key"
    if Process.fileExists(serverCertificate) && Process.fileExists(serverKey) { return }
    try make(authorityKey: state + "/ca.key")
  }

  private func make(authorityKey: String) throws(TLSError) {
    let authority = try Identity(commonName: "tunneld test authority")
    try authority.sign(
      by: authority, days: Self.daysValid,
      extensions: [
        (NID_basic_constraints, "critical,CA:TRUE"),
        (NID_key_usage, "critical,keyCertSign,cRLSign"),
        (NID_subject_key_identifier, "hash"),
      ])
    let server = try Identity(commonName: "localhost")
    try server.sign(
      by: authority, days: Self.daysValid,
      extensions: [
        (NID_basic_constraints, "critical,CA:FALSE"), (NID_ext_key_usage, "serverAuth"),
        (NID_subject_alt_name, Self.serverNames),
      ])
    try authority.writeKey(to: authorityKey)
    try authority.writeCertificate(to: "\(directory)/\(authority.hashName).0")
    try server.writeKey(to: serverKey)
    try server.writeCertificate(to: serverCertificate)
  }
}

/// A key pair (P-256) and its certificate.
@safe private final class Identity {
  private let key: OpaquePointer
  private let certificate: OpaquePointer

  init(commonName: String) throws(TLSError) {
    guard let key = unsafe Self.makeKey() else { throw .library(reason: "no key could be made") }
    guard let certificate = unsafe X509_new() else {
      unsafe EVP_PKEY_free(key)
      throw .library(reason: "no certificate could be made")
    }
    unsafe self.key = key
    unsafe self.certificate = certificate
    unsafe X509_set_version(certificate, 2)
    unsafe X509_set_pubkey(certificate, key)
    var serial: UInt64 = 0
    for byte in try Cryptography.random(8) { serial = serial << 8 | UInt64(byte) }
    unsafe ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1)
    let name = unsafe X509_get_subject_name(certificate)
    let text = Array(commonName.utf8)
    _ = unsafe text.withUnsafeBufferPointer { text in
      unsafe X509_NAME_add_entry_by_txt(
        name, "CN", Self.utf8, text.baseAddress, Int32(text.count), -1, 0)
    }
  }

  deinit {
    unsafe X509_free(certificate)
    unsafe EVP_PKEY_free(key)
  }

  /// OpenSSL's MBSTRING_UTF8, a macro that Swift does not see.
  private static let utf8: Int32 = 0x1000

  private static func makeKey() -> OpaquePointer? {
    guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { return nil }
    defer { unsafe EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard unsafe EVP_PKEY_keygen_init(context) == 1,
      unsafe EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
      unsafe EVP_PKEY_keygen(context, &key) == 1
    else { return nil }
    return unsafe key
  }

  /// The name under which OpenSSL looks a certificate up in a directory: eight hexadecimal digits.
  var hashName: String {
    let hex = String(unsafe X509_subject_name_hash(certificate), radix: 16)
    return String(repeating: "0", count: max(0, 8 - hex.utf8.count)) + hex
  }

  func sign(
    by issuer: Identity, days: Int, extensions: [(nid: Int32, value: String)]
  ) throws(TLSError) {
    // An hour back, for a device whose clock is a little behind.
    unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600)
    unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86_400)
    unsafe X509_set_issuer_name(certificate, X509_get_subject_name(issuer.certificate))
    var context = unsafe X509V3_CTX()
    unsafe X509V3_set_ctx(&context, issuer.certificate, certificate, nil, nil, 0)
    for item in extensions {
      guard let made = unsafe X509V3_EXT_conf_nid(nil, &context, item.nid, item.value) else {
        throw .library(reason: "a certificate extension could not be made")
      }
      unsafe X509_add_ext(certificate, made, -1)
      unsafe X509_EXTENSION_free(made)
    }
    if unsafe X509_sign(certificate, issuer.key, EVP_sha256()) == 0 {
      throw .library(reason: "a certificate could not be signed")
    }
  }

  func writeKey(to path: String) throws(TLSError) {
    unsafe try write(to: path, isPrivate: true) { file in
      unsafe PEM_write_bio_PrivateKey(file, key, nil, nil, 0, nil, nil)
    }
  }

  func writeCertificate(to path: String) throws(TLSError) {
    unsafe try write(to: path, isPrivate: false) { file in
      unsafe PEM_write_bio_X509(file, certificate)
    }
  }

  private func write(
    to path: String, isPrivate: Bool, _ body: (OpaquePointer) -> Int32
  ) throws(TLSError) {
    let before = Process.setFileModeMask(isPrivate ? 0o077 : 0o022)
    defer { _ = Process.setFileModeMask(before) }
    guard let file = unsafe BIO_new_file(path, "w") else {
      throw .configuration(what: path, reason: "it cannot be written")
    }
    defer { unsafe BIO_free(file) }
    if unsafe body(file) != 1 { throw .configuration(what: path, reason: "it cannot be written") }
  }
}
