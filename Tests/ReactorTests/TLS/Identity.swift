import Foundation
import Synchronization
import Testing

/// A certificate for localhost that is its own authority, made by the openssl program for one test run.
final class Identity: Sendable {
  let certificate: String
  let key: String
  /// A directory of hashed certificates in which this one is.
  let trustDirectory: String

  /// The server of the tests, and one that nobody trusts.
  static let trusted = Result { try Identity("DNS:localhost,IP:127.0.0.1") }
  static let unknown = Result { try Identity("DNS:localhost,IP:127.0.0.1") }
  static let otherName = Result { try Identity("DNS:elsewhere.example,IP:192.0.2.1") }
  static let linkLocal = Result { try Identity("IP:fe80::1") }
  static let wildcard = Result { try Identity("DNS:*.tunnel.example,DNS:data*.tunnel.example") }

  static let otherSubject = Result { try Identity("DNS:localhost", subject: "/CN=another") }

  /// To be removed when the process ends.
  private static let directories = Mutex<[String]>([])

  private init(
    _ subjectAlternativeNames: String, subject: String = "/CN=localproxy tests"
  ) throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("localproxy-identity-\(UUID().uuidString)")
    trustDirectory = directory.appendingPathComponent("trust").path
    try FileManager.default.createDirectory(
      atPath: trustDirectory, withIntermediateDirectories: true)
    certificate = directory.appendingPathComponent("certificate.pem").path
    key = directory.appendingPathComponent("key.pem").path
    try Self.openssl([
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-days", "2", "-subj", subject, "-addext",
      "subjectAltName=" + subjectAlternativeNames, "-keyout", key, "-out", certificate,
    ])
    try FileManager.default.copyItem(
      atPath: certificate, toPath: trustDirectory + "/authority.pem")
    try Self.openssl(["rehash", trustDirectory])
    Self.directories.withLock { $0.append(directory.path) }
    atexit {
      for path in Identity.directories.withLock({ $0 }) {
        try? FileManager.default.removeItem(atPath: path)
      }
    }
  }

  private static func openssl(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    if process.terminationStatus != 0 {
      throw Failure(output: String(decoding: text, as: UTF8.self))
    }
  }

  struct Failure: Error {
    let output: String
  }
}
