import COpenSSL

/// What went wrong in TLS: the peer's fault (its certificate, its answers) or the configuration's.
public enum TLSError: Error {
  /// The peer's certificate was not accepted. `reason` is OpenSSL's, the names are one-line forms.
  case certificate(reason: String, subject: String, issuer: String)
  /// The peer does not speak TLS as it should.
  case handshake(reason: String)
  /// A file or directory given by the user cannot be used.
  case configuration(what: String, reason: String)
  /// OpenSSL could not allocate, or met an internal error.
  case library(reason: String)

  public var reason: String {
    switch self {
    case .certificate(let reason, let subject, let issuer):
      "the certificate of the service was not accepted: \(reason) (subject \(subject), "
        + "issuer \(issuer))"
    case .handshake(let reason): "TLS: \(reason)"
    case .configuration(let what, let reason): "\(what): \(reason)"
    case .library(let reason): "TLS: \(reason)"
    }
  }

  /// The oldest entry of OpenSSL's error queue as text; it empties the queue.
  static func takeReason() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0, let text = unsafe ERR_reason_error_string(code) else {
      return "unknown error \(code)"
    }
    return unsafe String(cString: text)
  }

  static func takeLibraryError() -> TLSError { .library(reason: takeReason()) }
}
