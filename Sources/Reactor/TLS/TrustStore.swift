import Basics
import CEpoll
import COpenSSL

/// Finds the platform's CA certificates for OpenSSL, whose own default places are those of the system it was built
/// for: a static program runs on others.
///
/// 1. `SSL_CERT_FILE` and `SSL_CERT_DIR`, as far as they are set. One does not stand for the other: with the directory
///    alone OpenSSL's own file counts, as with every program that uses it.
/// 2. Without `SSL_CERT_DIR`, the first of `directories` with certificates named by hash in it. OpenSSL reads such a
///    one during a handshake, and only the certificate it needs.
/// 3. Without either, and when that directory holds too few to be all, the first of `filePaths` that is there. Of a file,
///    too, only what is needed is read (`CertificateFile`), and only when no directory has it.
@safe struct TrustStore {
  /// With fewer certificates a directory is somebody's additions to a file.
  private static let certificateCountMin: Int32 = 16

  private let context: OpaquePointer
  /// Whoever owns the context keeps them as long as that.
  private(set) var files: [CertificateFile] = []
  private(set) var source = ""
  private(set) var warning = ""
  /// An allocation failed, so that something may be missing.
  var lacksMemory = false

  init(_ context: OpaquePointer) { unsafe self.context = context }

  private static var directories: [String] {
    [
      unsafe String(cString: X509_get_default_cert_dir()),
      "/etc/ssl/certs",  // Debian, Alpine, openSUSE, OpenWrt
      "/etc/pki/ca-trust/extracted/pem/directory-hash",  // Fedora
    ]
  }

  private static var filePaths: [String] {
    [
      unsafe String(cString: X509_get_default_cert_file()),
      "/etc/ssl/certs/ca-certificates.crt",  // Debian, Alpine, OpenWrt
      "/etc/pki/tls/certs/ca-bundle.crt",  // Fedora, RHEL
      "/etc/ssl/cert.pem",  // Alpine
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL
      "/etc/ssl/ca-bundle.pem",  // openSUSE
    ]
  }

  /// - Parameter extra: the user's own directory, besides the platform's.
  mutating func load(extra: String?) {
    loadPlatform()
    if let extra {
      check("--capath", extra)
      add(directory: extra)
    }
    for file in files { unsafe file.join(context) }
    forgetErrors()
  }

  private mutating func loadPlatform() {
    let file = Process.environment("SSL_CERT_FILE")
    if let file, !add(file: file) {
      switch TLSError.take({ .configuration(what: file, reason: $0) }) {
      case .configuration(_, let reason): warn("SSL_CERT_FILE", file, "cannot be used: " + reason)
      default: lacksMemory = true
      }
    }
    if let directories = Process.environment("SSL_CERT_DIR") {
      for directory in directories.octets.parted(at: .colon) {
        check("SSL_CERT_DIR", directory.text)
      }
      add(directory: directories)
      if file == nil { _ = add(file: unsafe String(cString: X509_get_default_cert_file())) }
      forgetErrors()
      return
    }
    var isWhole = file != nil
    for path in Self.directories {
      let count = unsafe cepoll_hashed_certificates(path, Self.certificateCountMin)
      if count == -ENOMEM { lacksMemory = true }
      if count <= 0 { continue }
      add(directory: path)
      if count == Self.certificateCountMin { isWhole = true }
      break
    }
    if isWhole { return }
    for path in Self.filePaths where Process.fileExists(path) {
      if add(file: path) { return }
    }
    forgetErrors()
  }

  private mutating func forgetErrors() {
    if TLSError.takeMemoryFailure() { lacksMemory = true }
  }

  /// Warns of a directory that gives no certificates.
  private mutating func check(_ name: String, _ path: String) {
    let count = unsafe cepoll_hashed_certificates(path, 1)
    if count == -ENOMEM {
      lacksMemory = true
    } else if count < 0 {
      warn(name, path, "cannot be read: " + SystemError(-count, "opendir").reason)
    } else if count == 0 {
      warn(
        name, path,
        "has no certificate named by hash in it: run openssl rehash on it, or is it one of its "
          + "directories?")
    }
  }

  private mutating func add(file path: String) -> Bool {
    forgetErrors()
    guard let file = CertificateFile(path) else { return false }
    files.append(file)
    note(path)
    return true
  }

  /// What is in it, if anything, is found when it is needed.
  private mutating func add(directory path: String) {
    if unsafe SSL_CTX_load_verify_dir(context, path) == 1 {
      note(path)
    } else if !path.isEmpty {
      lacksMemory = true
    }
  }

  @inline(never) private mutating func note(_ path: String) {
    source += (source.isEmpty ? "" : ", ") + path
  }

  @inline(never) private mutating func warn(_ name: String, _ path: String, _ fault: String) {
    warning += (warning.isEmpty ? "" : "; ") + "% % %".with(name, path.excerpt, fault)
  }
}
