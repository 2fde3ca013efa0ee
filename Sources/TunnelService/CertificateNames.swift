import Basics
import COpenSSL
import Reactor

/// What the certificates in a file say of themselves: whom the first one is for, and who issued the last one.
@safe final class CertificateNames {
  /// The server's own.
  private let first: OpaquePointer
  private let last: OpaquePointer

  init(_ path: String) throws(TLSError) {
    let file = try PEM.read(path)
    guard let first = unsafe PEM_read_bio_X509(file.bio, nil, nil, nil) else {
      throw .configuration(what: path, reason: "it has no certificate")
    }
    unsafe X509_up_ref(first)
    var last = unsafe first
    while let next = unsafe PEM_read_bio_X509(file.bio, nil, nil, nil) {
      unsafe X509_free(last)
      unsafe last = next
    }
    unsafe self.first = first
    unsafe self.last = last
    // The text's end is an error to OpenSSL.
    ERR_clear_error()
  }

  deinit {
    unsafe X509_free(first)
    unsafe X509_free(last)
  }

  /// Whether a client that calls the server so takes the certificate: a name, or an address in digits.
  func include(_ host: String) -> Bool {
    if unsafe X509_check_ip_asc(first, host, 0) == 1 { return true }
    return unsafe X509_check_host(first, host, host.utf8.count, 0, nil) == 1
  }

  /// The names and addresses in it that can be called, in its order.
  var hosts: [String] {
    guard let list = unsafe X509_get_ext_d2i(first, NID_subject_alt_name, nil, nil) else {
      return []
    }
    let names = OpaquePointer(list)
    defer { unsafe GENERAL_NAMES_free(names) }
    var hosts: [String] = []
    let count = unsafe OPENSSL_sk_num(names)
    for index in 0..<max(count, 0) {
      guard let item = unsafe OPENSSL_sk_value(names, index) else { continue }
      let name = unsafe item.assumingMemoryBound(to: GENERAL_NAME.self)
      let octets = unsafe Self.octets(name.pointee.d.ia5)
      switch unsafe name.pointee.type {
      case GEN_DNS:
        // A name with an asterisk stands for others, and none of them is known.
        if !octets.contains(UInt8(ascii: "*")) { hosts.append(octets[...].text) }
      case GEN_IPADD:
        if let text = Self.addressText(octets) { hosts.append(text) }
      default: break
      }
    }
    return hosts
  }

  private static func octets(_ text: UnsafeMutablePointer<ASN1_STRING>?) -> [UInt8] {
    guard let text = unsafe text, let bytes = unsafe ASN1_STRING_get0_data(text) else { return [] }
    return unsafe Array(
      UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(text))))
  }

  private static func addressText(_ octets: [UInt8]) -> String? {
    var text = ""
    switch octets.count {
    case 4: text = octets.map { String($0) }.joined(separator: ".")
    case 16:
      text = stride(from: 0, to: 16, by: 2)
        .map { String(Int(octets[$0]) << 8 | Int(octets[$0 + 1]), radix: 16) }
        .joined(separator: ":")
    default: return nil
    }
    return SocketAddress(numeric: text, port: 0)?.host
  }

  /// The first of these directories in which `localproxy -c` finds who issued the certificates.
  func trustDirectory(among directories: [String]) -> String? {
    let name = Self.fileName(hash: unsafe X509_issuer_name_hash(last))
    return directories.first { directory in
      // Where OpenSSL parts one directory from the next.
      if directory.utf8.contains(.colon) { return false }
      guard let file = try? PEM.read("\(directory)/\(name)"),
        let issuer = unsafe PEM_read_bio_X509(file.bio, nil, nil, nil)
      else { return false }
      defer { unsafe X509_free(issuer) }
      return unsafe X509_verify(last, X509_get0_pubkey(issuer)) == 1
    }
  }

  /// The file in which OpenSSL looks for the certificate of a name: its hash in eight hexadecimal digits.
  static func fileName(hash: UInt) -> String {
    let hex = String(hash, radix: 16)
    return String(repeating: "0", count: max(0, 8 - hex.utf8.count)) + hex + ".0"
  }
}
