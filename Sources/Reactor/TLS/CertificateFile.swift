import COpenSSL

/// A PEM file of CA certificates, of which OpenSSL gets those that a chain needs, when it needs them
/// (X509_LOOKUP(3)).
///
/// A platform's bundle has some 140 certificates, and a service's chain ends in one. The first that is looked for
/// makes an index of the file: where a certificate of which subject begins. One that is found then stays in
/// OpenSSL's store. When the file is no longer what the index says, it is read anew.
@safe final class CertificateFile {
  private struct Entry {
    let subjectHash: UInt
    /// Octets from the file's begin.
    let offset: Int
  }

  /// Certificates that are looked at; a bundle has a few hundred at the most.
  private static let certificateCountMax = 4_096

  private let path: String
  private let method: OpaquePointer
  private var index: [Entry]?

  /// Nil when the file cannot be read or has no certificate; the reason is among OpenSSL's errors.
  init?(_ path: String) {
    guard let method = unsafe X509_LOOKUP_meth_new("PEM file, as needed") else { return nil }
    unsafe self.method = method
    self.path = path
    guard let first = unsafe certificate(at: 0) else { return nil }
    unsafe X509_free(first)
    unsafe X509_LOOKUP_meth_set_get_by_subject(method) { lookup, type, name, result in
      guard let data = unsafe X509_LOOKUP_get_method_data(lookup), type == X509_LU_X509 else {
        return 0
      }
      let file = unsafe Unmanaged<CertificateFile>.fromOpaque(data).takeUnretainedValue()
      return unsafe file.find(name, X509_LOOKUP_get_store(lookup), result) ? 1 : 0
    }
  }

  /// Only when no store has it any more.
  deinit { unsafe X509_LOOKUP_meth_free(method) }

  /// Lets the context look here too, behind where it looks already.
  func join(_ context: OpaquePointer) {
    let store = unsafe SSL_CTX_get_cert_store(context)
    guard let lookup = unsafe X509_STORE_add_lookup(store, method) else { return }
    unsafe X509_LOOKUP_set_method_data(lookup, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Puts the certificates of this subject into the store, and one of them into `result`.
  private func find(
    _ name: OpaquePointer?, _ store: OpaquePointer?, _ result: OpaquePointer?
  ) -> Bool {
    ERR_set_mark()
    defer { _ = ERR_pop_to_mark() }
    let hash = unsafe X509_NAME_hash_ex(name, nil, nil, nil)
    let isNew = index == nil
    let (isFound, isStale) = unsafe look(hash, name, store, result)
    if !isStale || isNew { return isFound }
    index = nil
    let second = unsafe look(hash, name, store, result)
    return isFound || second.isFound
  }

  /// - Returns: `isStale` when something else stands where the index says that it would.
  private func look(
    _ hash: UInt, _ name: OpaquePointer?, _ store: OpaquePointer?, _ result: OpaquePointer?
  ) -> (isFound: Bool, isStale: Bool) {
    let index = index ?? makeIndex()
    self.index = index
    var isFound = false
    var isStale = false
    for entry in index where entry.subjectHash == hash {
      guard let certificate = unsafe certificate(at: entry.offset) else {
        isStale = true
        continue
      }
      defer { unsafe X509_free(certificate) }
      if unsafe X509_NAME_cmp(X509_get_subject_name(certificate), name) != 0 {
        isStale = true
      } else if unsafe X509_STORE_add_cert(store, certificate) == 1 {
        // OpenSSL takes what it finds there for the store's, and does not release it.
        if unsafe !isFound && X509_OBJECT_set1_X509(result, certificate) == 1 {
          unsafe X509_free(certificate)
          isFound = true
        }
      }
    }
    return (isFound, isStale)
  }

  private func makeIndex() -> [Entry] {
    guard let file = unsafe BIO_new_file(path, "r") else { return [] }
    defer { unsafe BIO_free(file) }
    var entries: [Entry] = []
    var last = -1
    while entries.count < Self.certificateCountMax {
      let offset = unsafe BIO_ctrl(file, BIO_C_FILE_TELL, 0, nil)
      // Behind one that cannot be read others may follow, but not at the same place.
      if offset == last { break }
      last = offset
      guard let certificate = unsafe PEM_read_bio_X509_AUX(file, nil, nil, nil) else { continue }
      entries.append(
        Entry(subjectHash: unsafe X509_subject_name_hash(certificate), offset: offset))
      unsafe X509_free(certificate)
    }
    return entries
  }

  /// The first certificate from `offset` on; nil when there is none that can be read.
  private func certificate(at offset: Int) -> OpaquePointer? {
    guard let file = unsafe BIO_new_file(path, "r") else { return nil }
    defer { unsafe BIO_free(file) }
    if offset > 0, unsafe BIO_ctrl(file, BIO_C_FILE_SEEK, offset, nil) < 0 { return nil }
    return unsafe PEM_read_bio_X509_AUX(file, nil, nil, nil)
  }
}
