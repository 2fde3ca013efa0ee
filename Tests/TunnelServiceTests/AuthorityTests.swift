import Foundation
import Reactor
import Synchronization
import Testing

@testable import TunnelService

/// The files of tunneld's own certificate authority.
@Suite struct AuthorityTests {
  private let directory = TemporaryDirectory()
  private var state: String { directory.path }
  private static let names = ["ca.key", "server.key", "server.pem"]

  private func mode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(state)/\(name)")
    return try #require(attributes[.posixPermissions] as? Int)
  }

  private func setMode(_ name: String, _ mode: Int) throws {
    try FileManager.default.setAttributes(
      [.posixPermissions: mode], ofItemAtPath: "\(state)/\(name)")
  }

  private func content(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  private func isLink(_ path: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
  }

  /// The one certificate that clients trust.
  private func authorityPath(_ authority: CertificateAuthority) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: authority.directory)
    #expect(names.count == 1)
    return "\(authority.directory)/\(try #require(names.first))"
  }

  @Test func filesAreMadeWithTheirModes() throws {
    let authority = try CertificateAuthority(state: state)
    #expect(authority.warnings.isEmpty)
    #expect(try mode("ca.key") == 0o600 && mode("server.key") == 0o600)
    #expect(try mode("server.pem") == 0o644)
    let path = try authorityPath(authority)
    #expect(path.hasSuffix(".0"))
    // Nothing is left of the writing.
    let all = try FileManager.default.contentsOfDirectory(atPath: state)
    #expect(Set(all) == Set(Self.names + ["ca"]))
  }

  @Test func filesAreKeptFromRunToRun() throws {
    let first = try CertificateAuthority(state: state)
    let before = Self.names.map { content("\(state)/\($0)") }
    let second = try CertificateAuthority(state: state + "///", address: "127.0.0.1")
    #expect(Self.names.map { content("\(state)/\($0)") } == before)
    #expect(second.warnings.isEmpty && second.directory == first.directory)
  }

  @Test(arguments: names + ["ca"], [true, false])
  func plantedLinkIsNotFollowedWhenFilesAreMade(_ name: String, leadsSomewhere: Bool) throws {
    let victim = TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: state, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: victim.path, withIntermediateDirectories: true)
    let target = name == "ca" ? victim.path : "\(victim.path)/file"
    if name != "ca" && leadsSomewhere { try Data("precious".utf8).write(to: URL(filePath: target)) }
    if name == "ca" && !leadsSomewhere {
      try FileManager.default.removeItem(atPath: victim.path)
    }
    try FileManager.default.createSymbolicLink(
      atPath: "\(state)/\(name)", withDestinationPath: target)
    if name == "ca" {
      let error = #expect(throws: TLSError.self) { try CertificateAuthority(state: state) }
      let words =
        leadsSomewhere ? "it is a symbolic link; tunneld needs a directory of its own" : "ca: "
      #expect(error?.reason.contains(words) == true)
      let planted = try? FileManager.default.contentsOfDirectory(atPath: victim.path)
      #expect((planted ?? []).isEmpty)
      return
    }
    _ = try CertificateAuthority(state: state)
    #expect(!isLink("\(state)/\(name)"))
    #expect(content(target) == (leadsSomewhere ? "precious" : nil))
  }

  @Test func linkInPlaceOfAnEarlierRunsFileIsRefused() throws {
    for name in Self.names {
      _ = try CertificateAuthority(state: state)
      let path = "\(state)/\(name)"
      try FileManager.default.moveItem(atPath: path, toPath: "\(path).moved")
      try FileManager.default.createSymbolicLink(
        atPath: path, withDestinationPath: "\(path).moved")
      let error = #expect(throws: TLSError.self) { try CertificateAuthority(state: state) }
      #expect(error?.reason.hasPrefix("\(path): it is a symbolic link, where ") == true)
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.moveItem(atPath: "\(path).moved", toPath: path)
    }
    _ = try CertificateAuthority(state: state)
  }

  @Test(arguments: [
    ("ca.key", 0o666, 0o600), ("server.key", 0o640, 0o600), ("server.key", 0o604, 0o600),
    ("server.pem", 0o666, 0o644), ("server.pem", 0o664, 0o644),
  ])
  func permissionsOfOthersAreTakenWithAWord(_ name: String, loose: Int, right: Int) throws {
    _ = try CertificateAuthority(state: state)
    try setMode(name, loose)
    let authority = try CertificateAuthority(state: state)
    #expect(try mode(name) == right)
    #expect(authority.warnings.count == 1)
    let beginning = "\(state)/\(name) had mode \(String(loose, radix: 8)), others could "
    #expect(authority.warnings.first?.hasPrefix(beginning) == true)
    #expect(try CertificateAuthority(state: state).warnings.isEmpty)
  }

  @Test func authoritysCertificateIsNotForOthersToChange() throws {
    let path = try authorityPath(CertificateAuthority(state: state))
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
    #expect(try CertificateAuthority(state: state).warnings.count == 1)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o644)
  }

  @Test func directoryThatEverybodyMayWriteToIsRefused() throws {
    for path in [state, state + "/ca"] {
      _ = try CertificateAuthority(state: state)
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
      let error = #expect(throws: TLSError.self) { try CertificateAuthority(state: state) }
      #expect(error?.reason.hasPrefix("\(path): everybody may write to it; ") == true)
      try FileManager.default.setAttributes([.posixPermissions: 0o1777], ofItemAtPath: path)
      _ = try CertificateAuthority(state: state)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
  }

  @Test(arguments: ["", "/"]) func directoryThatIsALinkIsRefused(_ end: String) throws {
    let other = TemporaryDirectory()
    try FileManager.default.createDirectory(atPath: other.path, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: state, withDestinationPath: other.path)
    let error = #expect(throws: TLSError.self) { try CertificateAuthority(state: state + end) }
    #expect(error?.reason.contains("it is a symbolic link") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: other.path).isEmpty)
  }

  @Test(arguments: ["127.0.0.2", "192.0.2.7", "2001:db8::7"])
  func serversCertificateIsForTheAddressToListenOn(_ address: String) throws {
    let first = try CertificateAuthority(state: state)
    let trusted = content(try authorityPath(first))
    #expect(try !CertificateNames(first.serverCertificate).include(address))
    for _ in 0..<2 {
      let authority = try CertificateAuthority(state: state, address: address)
      let names = try CertificateNames(authority.serverCertificate)
      #expect(names.include(address) && names.include("localhost") && names.include("::1"))
      #expect(names.hosts == ["localhost", "127.0.0.1", "::1", address])
      #expect(names.trustDirectory(among: ["/none", authority.directory]) == authority.directory)
      // Whoever trusts the authority need not do so anew.
      #expect(content(try authorityPath(authority)) == trusted)
      _ = try TLSContext(
        serverCertificate: authority.serverCertificate, key: authority.serverKey)
    }
    #expect(try mode("server.key") == 0o600)
  }

  @Test(arguments: ["of another run", "empty"])
  func keyThatIsNotTheCertificatesIsMadeAnew(_ kind: String) throws {
    _ = try CertificateAuthority(state: state)
    let path = "\(state)/server.key"
    let key = try #require(content(path))
    let authority = content(try authorityPath(CertificateAuthority(state: state)))
    if kind == "empty" {
      try "".write(toFile: path, atomically: false, encoding: .utf8)
    } else {
      _ = try CertificateAuthority(state: state, address: "127.0.0.2")
      try key.write(toFile: path, atomically: false, encoding: .utf8)
    }
    let mended = try CertificateAuthority(state: state)
    #expect(throws: Never.self) {
      try TLSContext(serverCertificate: mended.serverCertificate, key: mended.serverKey)
    }
    #expect(content(try authorityPath(mended)) == authority)
  }

  @Test func startsAtOneTimeLeaveOnePair() throws {
    let state = state
    let failures = Mutex(0)
    for address in ["127.0.0.2", "127.0.0.3"] {
      DispatchQueue.concurrentPerform(iterations: 8) { index in
        do {
          _ = try CertificateAuthority(state: state, address: index % 2 == 0 ? address : nil)
        } catch {
          failures.withLock { $0 += 1 }
        }
      }
      let authority = try CertificateAuthority(state: state)
      #expect(failures.withLock { $0 } == 0)
      #expect(throws: Never.self) {
        try TLSContext(serverCertificate: authority.serverCertificate, key: authority.serverKey)
      }
    }
  }

  @Test func missingKeyOfTheAuthorityIsNamedWhenItIsNeeded() throws {
    _ = try CertificateAuthority(state: state)
    try FileManager.default.removeItem(atPath: "\(state)/ca.key")
    _ = try CertificateAuthority(state: state)
    let error = #expect(throws: TLSError.self) {
      try CertificateAuthority(state: state, address: "127.0.0.2")
    }
    #expect(error?.reason.hasPrefix("\(state)/ca.key: ") == true)
  }
}
