import CEpoll
import COpenSSL

/// What many TLS connections share: versions, trust or identity, and the way OpenSSL reaches bytes.
@safe public final class TLSContext {
  let context: OpaquePointer
  /// The BIO that reads from and writes to a `TLSStream`'s own queues.
  let method: OpaquePointer
  let verifiesPeer: Bool
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
  public init(
    clientTrusting extraTrustDirectory: String?, verifiesPeer: Bool,
    hasAES: Bool = cepoll_has_aes() != 0
  ) throws(TLSError) {
    (unsafe context, unsafe method) = unsafe try Self.makeContext(TLS_client_method())
    self.verifiesPeer = verifiesPeer
    unsafe SSL_CTX_set_verify(context, verifiesPeer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE) {
      isAccepted, storeContext in
      if isAccepted == 0 { unsafe TLSStream.noteRefused(storeContext) }
      return isAccepted
    }
    // Where OpenSSL has no ChaCha20 its own order stays.
    if !hasAES {
      _ = unsafe SSL_CTX_set_ciphersuites(context, Self.suitesWithoutAES)
      _ = unsafe SSL_CTX_set_cipher_list(context, "CHACHA20:DEFAULT")
      ERR_clear_error()
    }
    // What is not asked is not read.
    var store = unsafe TrustStore(context)
    if verifiesPeer { store.load(extra: extraTrustDirectory) }
    trustFiles = store.files
    trustSource = store.source
    trustWarning = store.warning
  }

  /// A server with a certificate chain and key in PEM files.
  public init(serverCertificate: String, key: String) throws(TLSError) {
    (unsafe context, unsafe method) = unsafe try Self.makeContext(TLS_server_method())
    verifiesPeer = false
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

  /// All of TLS 1.3's, in the order of what they cost in software.
  private static var suitesWithoutAES: String {
    "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"
  }

  deinit {
    unsafe SSL_CTX_free(context)
    unsafe BIO_meth_free(method)
  }

  private static func makeContext(
    _ role: OpaquePointer?
  ) throws(TLSError) -> (OpaquePointer, OpaquePointer) {
    ERR_clear_error()
    guard let context = unsafe SSL_CTX_new(role) else { throw TLSError.takeLibraryError() }
    guard let method = unsafe TLSStream.makeMethod() else {
      unsafe SSL_CTX_free(context)
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
