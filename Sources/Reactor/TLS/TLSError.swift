import Basics
import CEpoll
import COpenSSL

/// What went wrong in TLS: the peer's fault (its certificate, its answers) or the configuration's.
public enum TLSError: Error {
  /// The peer's certificate was not accepted. `reason` is OpenSSL's, the names are one-line forms, and `remedy`
  /// says what the user can do; it is empty when there is nothing.
  case certificate(reason: String, subject: String, issuer: String, remedy: String)
  /// The peer does not speak TLS as it should.
  case handshake(reason: String)
  /// A file or directory given by the user cannot be used.
  case configuration(what: String, reason: String)
  /// OpenSSL met an internal error.
  case library(reason: String)
  /// OpenSSL could not allocate.
  case memory

  public var reason: String {
    switch self {
    case .certificate(let reason, let subject, let issuer, let remedy):
      "its certificate was not accepted: % (subject %, issuer %)".with(reason, subject, issuer)
        + (remedy.isEmpty ? "" : "; " + remedy)
    case .configuration(let what, let reason): "%: %".with(what, reason)
    case .handshake(let reason), .library(let reason): "TLS: " + reason
    case .memory: "TLS: " + Self.memoryReason
    }
  }

  private static let memoryReason = "out of memory"

  /// - Parameter code: OpenSSL's verification result (openssl-verification-options(1)).
  static func certificate(_ code: Int, subject: String, issuer: String) -> TLSError {
    var reason = "unknown"
    if let text = unsafe X509_verify_cert_error_string(code) {
      reason = unsafe String(cString: text)
    }
    return .certificate(reason: reason, subject: subject, issuer: issuer, remedy: remedy(code))
  }

  private static func remedy(_ code: Int) -> String {
    switch Int32(truncatingIfNeeded: code) {
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      "the host that is named for it (-e, or https_proxy) must be one that the certificate is for"
    case X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED:
      // Gateways without a battery for their clock start in the past.
      "check this machine's clock, which says " + Process.date
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
      X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      "its issuer is unknown here: update the system's CA certificates, or give the issuer's with "
        + "--capath (-c), as for a proxy that intercepts TLS"
    default: ""
    }
  }

  /// The oldest entry of OpenSSL's error queue as text; it empties the queue.
  static func takeReason() -> String { text(takeCode()) }

  /// What the error queue says of a call that failed, for what a failed allocation does not explain. It empties the
  /// queue.
  static func take(_ make: (_ reason: String) -> TLSError) -> TLSError {
    let code = takeCode()
    return isMemoryFailure(code) ? .memory : make(text(code))
  }

  /// The same of a call that makes something, and that nothing but want of memory lets fail without an entry.
  static func takeLibraryError() -> TLSError {
    let code = takeCode()
    return code == 0 || isMemoryFailure(code) ? .memory : .library(reason: text(code))
  }

  /// Empties the error queue; true when it has an allocation that failed.
  static func takeMemoryFailure() -> Bool { isMemoryFailure(takeCode()) }

  /// The oldest entry, or the first that says that an allocation failed: the others follow from that.
  private static func takeCode() -> UInt {
    let oldest = ERR_get_error()
    var code = oldest
    while code != 0 && !isMemoryFailure(code) { code = ERR_get_error() }
    ERR_clear_error()
    return code == 0 ? oldest : code
  }

  private static func isMemoryFailure(_ code: UInt) -> Bool {
    code & systemErrorFlag != 0
      ? code & ~systemErrorFlag == UInt(ENOMEM) : code & reasonMask == mallocFailure
  }

  private static func text(_ code: UInt) -> String {
    if isMemoryFailure(code) { return memoryReason }
    // A system call's error carries its errno, for which OpenSSL has no text.
    if code & systemErrorFlag != 0 {
      return SystemError(Int32(truncatingIfNeeded: code & ~systemErrorFlag), "openssl").reason
    }
    guard code != 0, let text = unsafe ERR_reason_error_string(code) else {
      return "unknown error " + Int(truncatingIfNeeded: code).decimal
    }
    return words(for: code, unsafe String(cString: text))
  }

  /// OpenSSL's words for what went wrong, with ours in front where those lead astray.
  private static func words(for code: UInt, _ text: String) -> String {
    if code >> reasonBitCount & 0xff != UInt(ERR_LIB_SSL) { return text }
    switch Int32(truncatingIfNeeded: code & (1 << reasonBitCount - 1)) {
    case SSL_R_WRONG_VERSION_NUMBER, SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_RECORD_TOO_SMALL:
      return
        ("what answers is not TLS (%): another service is on that port, or a web proxy that must be "
        + "named with http://").with(text)
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "the other side has no TLS 1.2 or newer, which is needed (%)".with(text)
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, SSL_R_TLSV1_UNRECOGNIZED_NAME:
      return "the other side refuses TLS as it is offered (%): it may not be the service".with(text)
    default: return text
    }
  }

  /// Empties OpenSSL's error queue, which must be empty before a call whose outcome SSL_get_error(3) tells. It nearly
  /// always is, and emptying it all the same costs more than looking.
  static func forget() {
    if ERR_peek_error() != 0 { ERR_clear_error() }
  }

  /// ERR_LIB_OFFSET of openssl/err.h: the bits of a code that are its reason, below those of the library's number.
  private static let reasonBitCount: UInt = 23

  /// ERR_SYSTEM_FLAG of openssl/err.h, too rich a macro for Swift's importer.
  private static let systemErrorFlag: UInt = 0x8000_0000
  /// ERR_REASON_MASK and ERR_R_MALLOC_FAILURE, the same.
  private static let reasonMask: UInt = 0x7f_ffff
  private static let mallocFailure: UInt = 256 | 0x3 << 18
}
