import Foundation
import Glibc

/// What many would take instead, as Debian ships it and with its own defaults: `ssh -L` with an sshd, two stunnels.
/// Neither has anything between its two ends.
enum Tool: String, CaseIterable {
  case ssh, stunnel

  var path: String {
    switch self {
    case .ssh: "/usr/bin/ssh"
    case .stunnel: "/usr/bin/stunnel"
    }
  }

  private static let sshd = "/usr/sbin/sshd"

  static func check() throws {
    for path in allCases.map(\.path) + [sshd] where !Programs.isProgram(path) {
      throw Failure("no program at \(path): scripts/install-dependencies bench")
    }
  }

  // MARK: ssh

  /// A server whose process for the one connection is measured, and a client that logs in to it by a key.
  fileprivate static func startSSH(
    serverPort: UInt16, port: UInt16
  ) throws -> (source: Child, destination: Child) {
    let directory = try Guardian.shared.temporaryDirectory()
    let (host, key) = (directory + "/ssh-host", directory + "/ssh-client")
    for path in [host, key] where !FileManager.default.fileExists(atPath: path) {
      try Programs.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path])
    }
    let isRoot = geteuid() == 0
    // What systemd makes for the system's own server, and sshd as root wants.
    if isRoot { mkdir("/run/sshd", 0o755) }
    let sshPort = try Listener.freePort()
    let settings = directory + "/sshd_config"
    // Without PAM, sshd turns away an account whose password is locked, as root's often is.
    try """
    ListenAddress 127.0.0.1:\(sshPort)
    HostKey "\(host)"
    AuthorizedKeysFile "\(key).pub"
    PermitRootLogin prohibit-password
    UsePAM \(isRoot ? "yes" : "no")
    StrictModes no
    PidFile none

    """.write(toFile: settings, atomically: false, encoding: .utf8)
    let destination = try Child(
      name: "destination", path: sshd, arguments: ["-D", "-e", "-f", settings])
    _ = try destination.waitForLine("readiness", seconds: 10) { $0.contains("listening on") }
    let source = try Child(
      name: "source", path: Tool.ssh.path,
      arguments: [
        "-N", "-F", "none", "-i", key, "-p", "\(sshPort)", "-o", "IdentitiesOnly=yes",
        "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
        "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes",
        "-L", "127.0.0.1:\(port):127.0.0.1:\(serverPort)", "\(NSUserName())@127.0.0.1",
      ])
    return (source, destination)
  }

  // MARK: stunnel

  fileprivate static func startStunnel(
    serverPort: UInt16, port: UInt16
  ) throws -> (source: Child, destination: Child) {
    let directory = try Guardian.shared.temporaryDirectory()
    let identity = directory + "/stunnel.pem"
    if !FileManager.default.fileExists(atPath: identity) {
      try Programs.run(
        "openssl",
        [
          "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
          "-days", "2", "-subj", "/CN=localhost", "-keyout", identity + ".key", "-out", identity,
        ])
    }
    let tlsPort = try Listener.freePort()
    func start(_ name: String, _ service: String) throws -> Child {
      let settings = "\(directory)/stunnel-\(name).conf"
      try "foreground = yes\npid =\ndebug = warning\n[bench]\n\(service)\n".write(
        toFile: settings, atomically: false, encoding: .utf8)
      return try Child(name: name, path: Tool.stunnel.path, arguments: [settings])
    }
    let destination = try start(
      "destination",
      """
      cert = \(identity)
      key = \(identity).key
      accept = 127.0.0.1:\(tlsPort)
      connect = 127.0.0.1:\(serverPort)
      """)
    let source = try start(
      "source",
      "client = yes\naccept = 127.0.0.1:\(port)\nconnect = 127.0.0.1:\(tlsPort)")
    return (source, destination)
  }
}

extension Launch {
  init(_ tool: Tool, serverPort: UInt16) throws {
    port = try Listener.freePort()
    // In the hub's place is one that does nothing.
    hub = try Child(name: "hub", path: "/usr/bin/env", arguments: ["sleep", "infinity"])
    (source, destination) =
      switch tool {
      case .ssh: try Tool.startSSH(serverPort: serverPort, port: port)
      case .stunnel: try Tool.startStunnel(serverPort: serverPort, port: port)
      }
  }
}
