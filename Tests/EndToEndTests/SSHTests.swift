import Foundation
import Testing

extension EndToEnd {
  /// ssh and what goes through it, by a ProxyCommand, to an SSH server of the test's own.
  @Suite("ssh")
  struct SSH {
    private let scratch: ScratchDirectory
    private let tunneld: Tunneld
    private let server: SSHServer
    private let destination: LocalProxy

    init() throws {
      scratch = try ScratchDirectory()
      tunneld = try Tunneld(.dynamic, services: ["SSH"], in: scratch)
      server = try SSHServer(in: scratch)
      destination = try .destination(
        .dynamic, tunneld, token: tunneld.tunnels[0].destination,
        servers: ["SSH": "127.0.0.1:\(server.port)"], in: scratch)
      try tunneld.tunnels[0].source.write(
        toFile: scratch.file("device.token"), atomically: true, encoding: .utf8)
      chmod(scratch.file("device.token"), 0o600)
      let program = try Linkage.dynamic.program("localproxy")
      try """
      Host device
        ProxyCommand \(program) -e localhost:\(tunneld.port) -c \(tunneld.authorities) \
      --access-token-file \(scratch.path)/%n.token -s SSH=-
      \(server.clientConfiguration)
      """.write(toFile: scratch.file("ssh_config"), atomically: true, encoding: .utf8)
    }

    /// A shell's line; `$F` is ssh_config.
    private func run(_ line: String) throws -> (exit: ChildProcess.Exit, process: ChildProcess) {
      let process = try ChildProcess(
        "bash", ["-c", "cd '\(scratch.path)'; F=ssh_config; \(line)"], name: "client", in: scratch)
      return (try process.waitForExit(within: 60), process)
    }

    @Test("A command's output, input and status come through, and nothing else is said")
    func login() throws {
      let (exit, process) = try run("echo there and back | ssh -F $F device 'cat; exit 7'")
      #expect(exit == .status(7), "\(process.tail)")
      #expect(process.text(of: .output) == "there and back\n")
      #expect(process.text(of: .error) == "")
      try eventually(within: 10, "the end of the one connection") {
        destination.process.text(of: .error).contains("Disconnected from: 127.0.0.1")
      }
    }

    @Test(
      "Files, directories and repositories",
      arguments: [
        "head -c 3000000 /dev/urandom > a; scp -q -F $F a device:$PWD/b && cmp a b",
        """
        mkdir -p from/x; echo one > from/x/1; echo two > from/2
        rsync -a -e "ssh -F $F" from/ device:$PWD/to/ && diff -r from to
        """,
        """
        git init -q here && cd here && git -c user.name=a -c user.email=b commit -q --allow-empty -m first && cd ..
        GIT_SSH_COMMAND="ssh -F $PWD/$F" git clone -q device:$PWD/here there && git -C there log --oneline | grep first
        """,
      ])
    func tools(line: String) throws {
      let (exit, process) = try run(line)
      #expect(exit == .status(0), "\(process.tail)")
    }

    @Test("Further commands share the first one's connection, and its end takes the proxy with it")
    func shares() throws {
      let (exit, process) = try run(
        """
        O="-o ControlPath=$PWD/control"
        ssh -F $F $O -o ControlMaster=yes -N -f device && ssh -F $F $O device echo one && ssh -F $F $O device echo two
        ssh -F $F $O -O exit device
        """)
      #expect(exit == .status(0), "\(process.tail)")
      #expect(process.text(of: .output) == "one\ntwo\n")
      try eventually(within: 10, "the end of the proxy") {
        tunneld.process.text(of: .error).contains("source disconnected")
          || !Self.isRunning(scratch.path)
      }
    }

    @Test("A command behind '--' is given the port")
    func command() throws {
      let program = try Linkage.dynamic.program("localproxy")
      let (exit, process) = try run(
        """
        \(program) -e localhost:\(tunneld.port) -c \(tunneld.authorities) --access-token-file device.token -s 0 -- \
        ssh -F $F -o ProxyCommand=none -o HostName=localhost -p {port} device 'echo there; exit 4'
        """)
      #expect(exit == .status(4), "\(process.tail)")
      #expect(process.text(of: .output) == "there\n" && process.text(of: .error) == "")
    }

    /// Whether a localproxy with the test's token file is there.
    private static func isRunning(_ path: String) -> Bool {
      let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
      return processes.contains { process in
        let words = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
        return String(decoding: words, as: UTF8.self).contains("\(path)/device.token")
      }
    }
  }
}

/// sshd on a free port of loopback, with keys of its own, for the user who runs the tests.
final class SSHServer {
  let port: UInt16
  private let process: ChildProcess
  private let path: String
  private let madeDirectory: Bool

  /// What sshd asks for where it runs as root.
  private static let separation = "/run/sshd"

  init(in scratch: ScratchDirectory) throws {
    path = scratch.path
    port = try Server.unusedPort()
    let isRoot = getuid() == 0
    madeDirectory = isRoot && mkdir(Self.separation, 0o755) == 0
    let keys = try ChildProcess(
      "bash",
      [
        "-c",
        """
        set -e; cd '\(scratch.path)'
        for key in host_key client_key; do ssh-keygen -q -t ed25519 -N '' -C $key -f $key; done
        cp client_key.pub authorized_keys
        printf 'device %s\\n' "$(cat host_key.pub)" > known_hosts
        # Without PAM, sshd turns away an account whose password is locked.
        pam=no; case $(getent shadow "$(id -un)" | cut -d : -f 2) in '!'*) pam=yes ;; esac
        cat > sshd_config <<TEXT
        ListenAddress 127.0.0.1:\(port)
        HostKey $PWD/host_key
        AuthorizedKeysFile $PWD/authorized_keys
        PermitRootLogin prohibit-password
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        UsePAM $pam
        StrictModes no
        PidFile none
        Subsystem sftp internal-sftp
        TEXT
        """,
      ], name: "keys", in: scratch)
    guard try keys.waitForExit(within: 20) == .status(0) else { throw Failure(keys.tail) }
    let sshd = ["/usr/sbin/sshd", "/usr/bin/sshd"].first(
      where: FileManager.default.isExecutableFile)
    guard let sshd else { throw Failure("there is no sshd: scripts/install-dependencies") }
    process = try ChildProcess(
      sshd, ["-D", "-e", "-f", scratch.file("sshd_config")], name: "sshd", in: scratch)
    // Its lines end with a carriage return, too.
    let process = process
    try eventually(within: 20, "an SSH server that listens") {
      process.text(of: .error).contains("Server listening on")
    }
  }

  deinit { if madeDirectory { rmdir(Self.separation) } }

  /// Lines of a host "device" in ssh_config, but for how it is reached.
  var clientConfiguration: String {
    """
      User \(NSUserName())
      IdentityFile \(path)/client_key
      IdentitiesOnly yes
      HostKeyAlias device
      UserKnownHostsFile \(path)/known_hosts
      StrictHostKeyChecking yes
      BatchMode yes
      LogLevel ERROR
      ConnectTimeout 20
    """
  }
}
