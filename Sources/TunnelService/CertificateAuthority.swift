import Basics
import COpenSSL
import Reactor

/// A small certificate authority, so that proxies can verify a tunneld that nobody bought a certificate for.
///
/// `DIR/ca/<hash>.0` is the authority's certificate under the name by which OpenSSL finds it in a directory;
/// `DIR/ca.key`, `DIR/server.pem` and `DIR/server.key` stay private. Made once, then reused; a server's certificate
/// that is not for the address to listen on is made anew.
///
/// Whoever can write in `DIR` decides whom its clients trust. So it must be this user's own or root's, no file in it
/// may be a link or another user's, and what is written takes a file's place as a whole.
public struct CertificateAuthority {
  /// What `localproxy -c` takes.
  public let directory: String
  public let serverCertificate: String
  public let serverKey: String
  /// What the user should know, a line each.
  public private(set) var warnings: [String] = []

  private let state: String
  private let authorityKey: String
  /// What a client may call a tunneld on the same machine.
  private static let serverNames = "DNS:localhost,IP:127.0.0.1,IP:::1"
  private static let authorityName = "tunneld test authority"
  private static let serverName = "localhost"

  /// Opens what an earlier run left in `state`, or makes it.
  /// - Parameter address: where the server listens, in digits; nil when its clients come by the usual names.
  public init(state given: String, address: String? = nil) throws(TLSError) {
    state = Self.withoutSlashesAtTheEnd(given)
    try Self.makeDirectory(state)
    try Self.makeDirectory(state + "/ca")
    directory = Process.absolutePath(state + "/ca")
    serverCertificate = state + "/server.pem"
    serverKey = state + "/server.key"
    authorityKey = state + "/ca.key"
    try Process.withLocked(directory: state) { () throws(TLSError) in try open(address) }
  }

  private mutating func open(_ address: String?) throws(TLSError) {
    if !Process.fileExists(serverCertificate) || !Process.fileExists(serverKey) {
      try make(address)
      return
    }
    try restrict(serverKey, isPrivate: true)
    try restrict(serverCertificate, isPrivate: false)
    if Process.fileExists(authorityKey) { try restrict(authorityKey, isPrivate: true) }
    let authority = "\(directory)/\(try Self.authorityHash())"
    if Process.fileExists(authority) { try restrict(authority, isPrivate: false) }
    // Who was killed between the two has left them as they are of two runs.
    let isPair = (try? Identity(certificate: serverCertificate, key: serverKey)) != nil
    if isPair {
      guard let address, try !CertificateNames(serverCertificate).include(address) else { return }
    }
    try makeServer(
      address, authority: Identity(certificate: authority, key: authorityKey))
  }

  /// A slash would follow a link.
  private static func withoutSlashesAtTheEnd(_ path: String) -> String {
    var octets = path.octets[...]
    while octets.count > 1 && octets.last == .slash { octets.removeLast() }
    return octets.text
  }

  private static func makeDirectory(_ path: String) throws(TLSError) {
    do throws(SystemError) {
      try Process.makeDirectory(path, mode: 0o755)
      try File.checkDirectory(path)
    } catch {
      throw .configuration(
        what: path,
        reason: "\(error.reason); tunneld needs a directory of its own there (--directory)")
    }
  }

  /// Takes what permissions others have had of an earlier run's file.
  private mutating func restrict(_ path: String, isPrivate: Bool) throws(TLSError) {
    let forbidden: UInt32 = isPrivate ? 0o077 : 0o022
    let mode: UInt32
    do throws(SystemError) {
      mode = try File.restrict(path, forbidden: forbidden)
    } catch {
      throw .configuration(
        what: path,
        reason: "\(error.reason), where a file of this user's is needed; "
          + "once it is removed, another is made")
    }
    if mode & forbidden == 0 { return }
    let remedy =
      isPrivate
      ? "; who has read it can pass for this tunneld: if that may be, remove \(state), and all is made anew"
      : ""
    warnings.append(
      "\(path) had mode \(String(mode, radix: 8)), others could "
        + (isPrivate ? "use" : "change") + " it; that is mended\(remedy)")
  }

  // MARK: Making

  private func make(_ address: String?) throws(TLSError) {
    let authority = try Identity(commonName: Self.authorityName)
    try authority.sign(
      by: authority,
      extensions: [
        (NID_basic_constraints, "critical,CA:TRUE"),
        (NID_key_usage, "critical,keyCertSign,cRLSign"),
        (NID_subject_key_identifier, "hash"),
      ])
    try authority.writeKey(to: authorityKey)
    try authority.writeCertificate(to: "\(directory)/\(authority.hashName)")
    try makeServer(address, authority: authority)
  }

  private func makeServer(_ address: String?, authority: Identity) throws(TLSError) {
    let server = try Identity(commonName: Self.serverName)
    let names = Self.serverNames + (address.map { ",IP:\($0)" } ?? "")
    try server.sign(
      by: authority,
      extensions: [
        (NID_basic_constraints, "critical,CA:FALSE"), (NID_ext_key_usage, "serverAuth"),
        (NID_subject_alt_name, names),
      ])
    try server.writeKey(to: serverKey)
    try server.writeCertificate(to: serverCertificate)
  }

  private static func authorityHash() throws(TLSError) -> String {
    try Identity(commonName: authorityName).hashName
  }
}

/// A key pair (P-256) and its certificate.
@safe private final class Identity {
  private static let daysValid = 3_650

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
    let text = commonName.octets
    _ = unsafe text.withUnsafeBufferPointer { text in
      unsafe X509_NAME_add_entry_by_txt(
        name, "CN", Self.utf8, text.baseAddress, Int32(text.count), -1, 0)
    }
  }

  /// Reads what an earlier run wrote.
  init(certificate path: String, key keyPath: String) throws(TLSError) {
    let file = try PEM.read(path)
    let keyFile = try PEM.read(keyPath)
    guard let certificate = unsafe PEM_read_bio_X509(file.bio, nil, nil, nil) else {
      throw .configuration(what: path, reason: "it has no certificate")
    }
    guard let key = unsafe PEM_read_bio_PrivateKey(keyFile.bio, nil, nil, nil) else {
      unsafe X509_free(certificate)
      throw .configuration(what: keyPath, reason: "it has no key")
    }
    unsafe self.key = key
    unsafe self.certificate = certificate
    if unsafe X509_check_private_key(certificate, key) != 1 {
      throw .configuration(what: keyPath, reason: "it is not the key of \(path)")
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

  /// The name under which OpenSSL looks a certificate up in a directory.
  var hashName: String {
    CertificateNames.fileName(hash: unsafe X509_subject_name_hash(certificate))
  }

  func sign(
    by issuer: Identity, extensions: [(nid: Int32, value: String)]
  ) throws(TLSError) {
    // An hour back, for a device whose clock is a little behind.
    unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600)
    unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), Self.daysValid * 86_400)
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
    unsafe try write(to: path, mode: 0o600) { file in
      unsafe PEM_write_bio_PrivateKey(file, key, nil, nil, 0, nil, nil)
    }
  }

  func writeCertificate(to path: String) throws(TLSError) {
    unsafe try write(to: path, mode: 0o644) { file in
      unsafe PEM_write_bio_X509(file, certificate)
    }
  }

  private func write(
    to path: String, mode: UInt32, _ body: (OpaquePointer) -> Int32
  ) throws(TLSError) {
    let text = try PEM([])
    if unsafe body(text.bio) != 1 { throw .library(reason: "\(path) could not be written down") }
    do throws(SystemError) {
      try File.replace(path, text.content(), mode: mode)
    } catch {
      throw .configuration(what: path, reason: "it cannot be written: \(error.reason)")
    }
  }
}
