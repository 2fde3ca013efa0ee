import CEpoll
import COpenSSL

/// What many TLS connections share: versions, trust or identity, and the way OpenSSL reaches bytes.
@safe public final class TLSContext: TLSCredentials {
  let context: OpaquePointer
  /// The BIO that reads from and writes to a `TLSStream`'s own queues.
  let method: OpaquePointer
  let verifiesPeer: Bool
  /// OpenSSL's algorithms and their caches, when it is not the process's.
  private let library: OpaquePointer?
  /// What a client's was made of.
  private let extraTrustDirectory: String?
  private let hasAES: Bool
  /// Where the context looks for certificates.
  private let trustFiles: [CertificateFile]
  /// Where a client's trust comes from: files and directories; empty when there are none.
  public let trustSource: String
  /// What the user should know about that, as one line; empty when all is well.
  public let trustWarning: String

  /// A client that trusts the platform's store (`TrustStore`).
  /// - Parameters:
  ///   - extraTrustDirectory: further CA certificates, named by hash as `openssl rehash` does.
  ///   - verifiesPeer: false accepts any certificate; for tests only.
  ///   - hasAES: the processor has instructions for it. Without them AES-GCM takes three times as long as ChaCha20, which
  ///     is asked for first then.
  public convenience init(
    clientTrusting extraTrustDirectory: String?, verifiesPeer: Bool,
    hasAES: Bool = cepoll_has_aes() != 0
  ) throws(TLSError) {
    unsafe try self.init(extraTrustDirectory, verifiesPeer, hasAES, library: nil)
  }

  /// - Parameter library: is this object's from here on, also when it throws.
  private init(
    _ extraTrustDirectory: String?, _ verifiesPeer: Bool, _ hasAES: Bool, library: OpaquePointer?
  ) throws(TLSError) {
    (unsafe context, unsafe method) = unsafe try Self.makeContext(TLS_client_method(), library)
    unsafe self.library = library
    self.verifiesPeer = verifiesPeer
    self.extraTrustDirectory = extraTrustDirectory
    self.hasAES = hasAES
    unsafe SSL_CTX_set_verify(context, verifiesPeer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE) {
      isAccepted, storeContext in
      if isAccepted == 0 { unsafe TLSStream.noteRefused(storeContext) }
      return isAccepted
    }
    // Where OpenSSL has no ChaCha20 its own order stays.
    if !hasAES {
      _ = unsafe SSL_CTX_set_ciphersuites(context, Self.suitesWithoutAES)
      _ = unsafe SSL_CTX_set_cipher_list(context, "CHACHA20:DEFAULT")
    }
    // What is not asked is not read.
    var store = unsafe TrustStore(context)
    store.lacksMemory = TLSError.takeMemoryFailure() || !Self.hasDigests
    if verifiesPeer { store.load(extra: extraTrustDirectory) }
    trustFiles = store.files
    trustSource = store.source
    trustWarning = store.warning
    if store.lacksMemory { throw .memory }
  }

  /// A client like this one, made anew. Where an allocation failed, certificates may be missing for good, or algorithms:
  /// those are kept for the whole process, so this one gets its own.
  public func renewed() throws(TLSError) -> any TLSCredentials {
    guard let library = unsafe OSSL_LIB_CTX_new() else { throw TLSError.takeLibraryError() }
    // As the process's own was. Without the file there is nothing to load.
    if let path = unsafe CONF_get1_default_config_file() {
      unsafe OSSL_LIB_CTX_load_config(library, path)
      unsafe CRYPTO_free(path, "", 0)
    }
    return unsafe try TLSContext(extraTrustDirectory, verifiesPeer, hasAES, library: library)
  }

  /// A server with a certificate chain and key in PEM files.
  public init(serverCertificate: String, key: String) throws(TLSError) {
    (unsafe context, unsafe method) = unsafe try Self.makeContext(TLS_server_method(), nil)
    unsafe library = nil
    verifiesPeer = false
    extraTrustDirectory = nil
    hasAES = true
    trustFiles = []
    trustSource = ""
    trustWarning = ""
    if unsafe SSL_CTX_use_certificate_chain_file(context, serverCertificate) != 1 {
      throw .configuration(what: serverCertificate, reason: TLSError.takeReason())
    }
    if unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 {
      throw .configuration(what: key, reason: TLSError.takeReason())
    }
    // Sessions are not resumed: each connection stands for hours, and tickets would cost memory.
    unsafe SSL_CTX_set_num_tickets(context, 0)
  }

  public func start(
    over transport: any ByteStream, serverName: String?, on network: any Network,
    _ handler: any StreamHandler
  ) throws(TLSError) -> any SecureStream {
    try TLSStream(
      network: network, transport: transport, context: self, serverName: serverName,
      handler: handler)
  }

  /// All of TLS 1.3's, in the order of what they cost in software.
  private static var suitesWithoutAES: String {
    "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"
  }

  /// Those of certificates' signatures, which OpenSSL lists once for the process and does not miss.
  private static var hasDigests: Bool {
    for name: StaticString in ["SHA1", "SHA256", "SHA384", "SHA512"] {
      let name = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
      if unsafe EVP_get_digestbyname(name) == nil { return false }
    }
    return true
  }

  deinit {
    unsafe SSL_CTX_free(context)
    unsafe BIO_meth_free(method)
    unsafe OSSL_LIB_CTX_free(library)
  }

  private static func makeContext(
    _ role: OpaquePointer?, _ library: OpaquePointer?
  ) throws(TLSError) -> (OpaquePointer, OpaquePointer) {
    ERR_clear_error()
    guard let context = unsafe SSL_CTX_new_ex(library, nil, role) else {
      unsafe OSSL_LIB_CTX_free(library)
      throw TLSError.takeLibraryError()
    }
    guard let method = unsafe TLSStream.makeMethod() else {
      unsafe SSL_CTX_free(context)
      unsafe OSSL_LIB_CTX_free(library)
      throw TLSError.takeLibraryError()
    }
    unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
    unsafe SSL_CTX_set_options(
      context, Option.noRenegotiation | Option.noCompression | Option.cipherServerPreference)
    unsafe SSL_CTX_ctrl(context, SSL_CTRL_MODE, Mode.acceptMovingWriteBuffer, nil)
    // So that SSL_read comes back after each record without data.
    unsafe SSL_CTX_ctrl(context, SSL_CTRL_CLEAR_MODE, Mode.autoRetry, nil)
    return unsafe (context, method)
  }
}

/// OpenSSL's macros that are too rich for Swift's importer, with their values from openssl/ssl.h.
private enum Option {
  static let noCompression: UInt64 = 1 << 17
  static let cipherServerPreference: UInt64 = 1 << 22
  static let noRenegotiation: UInt64 = 1 << 30
}

private enum Mode {
  static let acceptMovingWriteBuffer = 0x2
  static let autoRetry = 0x4
}
