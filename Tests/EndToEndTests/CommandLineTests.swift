import Foundation
import Testing

extension EndToEnd {
  @Suite("Command line")
  struct CommandLine {
    /// A command that is wrong in one thing, and what its message must contain. A `@` stands for a directory
    /// of the test's, where the files are.
    struct Mistake: CustomTestStringConvertible {
      let arguments: [String]
      let named: [String]
      var environment = ["AWSIOT_TUNNEL_ACCESS_TOKEN": "a-token"]
      var files: [String: String] = [:]

      init(
        _ arguments: String, names named: String..., token: String? = "a-token",
        environment: [String: String] = [:], files: [String: String] = [:]
      ) {
        self.arguments = arguments.split(separator: " ").map(String.init)
        self.named = named
        self.environment["AWSIOT_TUNNEL_ACCESS_TOKEN"] = token
        self.environment.merge(environment) { $1 }
        self.files = files
      }

      var testDescription: String {
        let texts = files.map { "(\($0): \($1))" } + environment.map { "\($0)=\($1)" }
        return (["localproxy"] + arguments + texts).joined(separator: " ")
      }
    }

    private static let endpoint = "-e localhost:9"
    private static let good = "-e localhost:9 -s 5555"

    @Test(
      "A usage error is one line that names the thing, with status 2",
      arguments: [
        Mistake("--nonsense", names: "--nonsense"),
        Mistake("-Z", names: "'-Z'"),
        Mistake(
          "--c x",
          names: "'--c' is ambiguous: --client-token, --capath, --config, --config-dir, --check"),
        Mistake("--ver", names: "'--ver' is ambiguous: --verbose, --version"),
        Mistake("--v=s3", names: "'--v' is ambiguous"),
        Mistake("--version=1", names: "option '--version' takes no value"),
        Mistake("--vers=1", names: "option '--version' takes no value"),
        Mistake("--no-ssl-host-verify=true", names: "'--no-ssl-host-verify' takes no value"),
        Mistake("--exp @/no/file", names: "--export-default-settings '@/no/file'"),
        Mistake("--export-settings-json @/no/file", names: "'@/no/file'"),
        Mistake("\(endpoint) -s", names: "-s", "argument"),
        Mistake("\(good) operand", names: "operand"),
        Mistake("-s 0 operand -- command", names: "operand", "a command stands behind '--'"),
        Mistake("\(good) --", names: "behind '--' there is no command"),
        Mistake("\(good) -t secret-token operand -t secret-token", names: "operand"),
        Mistake("\(endpoint)", names: "-s", "-d", "--mode"),
        Mistake("\(good) -d 22", names: "--source-listen-port", "--destination-app"),
        Mistake("\(good) -m dst", names: "--mode 'dst'", "--source-listen-port"),
        Mistake("\(endpoint) -d 22 -m src", names: "--mode 'src'", "--destination-app"),
        Mistake("\(endpoint) -m both", names: "--mode 'both'"),
        Mistake("-s 5555", names: "-e", "-r"),
        Mistake("-r eu-west-1 \(good)", names: "--region", "--proxy-endpoint"),
        Mistake("-r EU -s 5555", names: "--region 'EU'"),
        Mistake(
          good, names: "--proxy-endpoint and AWSIOT_TUNNEL_REGION",
          environment: ["AWSIOT_TUNNEL_REGION": "eu-west-1"]),
        Mistake(
          "-s 5555", names: "AWSIOT_TUNNEL_ENDPOINT 'host:x'",
          environment: ["AWSIOT_TUNNEL_ENDPOINT": "host:x"]),
        Mistake("-e localhost:70000 -s 5555", names: "70000"),
        Mistake("-e localhost:x -s 5555", names: "localhost:x"),
        Mistake(
          "-e localhost:0 -s 5555", names: "--proxy-endpoint 'localhost:0'", "port cannot be 0"),
        Mistake("-e ::1 -s 5555", names: "[::1]:PORT"),
        Mistake("\(endpoint) -s 70000", names: "70000"),
        Mistake("\(endpoint) -s SSH1=70000", names: "70000"),
        Mistake("\(endpoint) -s SSH1=abc", names: "SSH1=abc"),
        Mistake("\(endpoint) -s SSH1=", names: "SSH1="),
        Mistake("\(endpoint) -s =22", names: "begins with '='"),
        Mistake("\(endpoint) -s 5555,", names: "'5555'"),
        Mistake("\(endpoint) -s ,", names: "','"),
        Mistake("\(endpoint) -s SSH1=5555,HTTP1=5555", names: "SSH1 and HTTP1", "port 5555"),
        Mistake("\(endpoint) -s SSH1=1,HTTP1=localhost:1", names: "port 1 of localhost"),
        Mistake("\(endpoint) -d SSH1=localhost:0", names: "localhost:0"),
        Mistake("\(endpoint) -d SSH1=localhost:99999", names: "99999"),
        Mistake("\(endpoint) -d SSH1=[::1:22", names: "[::1:22"),
        Mistake("\(endpoint) -d SSH1=localhost", names: "SSH1=localhost"),
        Mistake(
          "\(endpoint) -d SSH1=/" + String(repeating: "p", count: 107), names: "107 bytes"),
        Mistake("\(good) -b not/a/host", names: "--local-bind-address 'not/a/host'"),
        Mistake("\(good) -v 256", names: "256"),
        Mistake("\(good) -v loud", names: "loud"),
        Mistake("\(good) -c /no/such/directory", names: "/no/such/directory"),
        Mistake("\(good) -i short", names: "--client-token", "32"),
        Mistake(
          good, names: "AWSIOT_TUNNEL_CLIENT_TOKEN",
          environment: ["AWSIOT_TUNNEL_CLIENT_TOKEN": "short"]),
        Mistake(good, names: "AWSIOT_TUNNEL_ACCESS_TOKEN", token: nil),
        Mistake(good, names: "AWSIOT_TUNNEL_ACCESS_TOKEN", token: "a b"),
        Mistake("\(good) --access-token-file @/none", names: "@/none", "No such file"),
        Mistake(
          "\(good) --access-token-file @/token", names: "--access-token-file", "empty",
          files: ["token": "\n"]),
        Mistake("\(good) --access-token-file @/x -t x", names: "--access-token-file", "exclude"),
        Mistake("\(good) --config @/none", names: "--config '@/none'", "No such file"),
        Mistake(
          "\(good) --config @/c", names: "@/c, line 2: there is no option 'nonsense'",
          files: ["c": "verbose = 5\nnonsense = 1\n"]),
        Mistake(
          "\(good) --config @/c", names: "@/c, line 1: ", "KEY = VALUE", files: ["c": "verbose 5"]),
        Mistake(
          "\(good) --config @/c", names: "@/c, line 1: 'config'", files: ["c": "config = x"]),
        Mistake(
          "\(good) --config @/c", names: "@/c, line 3: verbose 'loud'",
          files: ["c": "# first\n\nverbose = loud"]),
        Mistake(
          "\(good) --config @/c", names: "--source-listen-port and @/c, line 1: destination-app",
          files: ["c": "destination-app = 22"]),
        Mistake(
          "\(good) --config @/c", names: "@/c, line 1: no-ssl-host-verify ''", "true, yes, on, 1",
          files: ["c": "no-ssl-host-verify =\n"]),
        Mistake("\(good) --config-dir @/none", names: "--config-dir '@/none'", "No such file"),
        Mistake("\(good) --settings-json @/none", names: "--settings-json '@/none'", "No such"),
        Mistake(
          "\(good) --settings-json @/s", names: "@/s, line 1, column 2: ", files: ["s": "{,"]),
        Mistake(
          "\(good) --settings-json @/s",
          names: "@/s: tunneling.proxy.tcp.max_active_connections: 'x'", "1 to 65535",
          files: [
            "s": "{\"tunneling\": {\"proxy\": {\"tcp\": {\"max_active_connections\": \"x\"}}}}"
          ]
        ),
        Mistake("--export-default-settings @/no/file", names: "@/no/file", "No such file"),
      ])
    func usageError(mistake: Mistake) throws {
      let scratch = try ScratchDirectory()
      for (name, text) in mistake.files {
        try text.write(toFile: scratch.file(name), atomically: false, encoding: .utf8)
      }
      let arguments = mistake.arguments.map {
        $0.replacingOccurrences(of: "@", with: scratch.path)
      }
      let process = try ChildProcess(
        Linkage.dynamic.program("localproxy"), arguments, name: "localproxy", in: scratch,
        environment: mistake.environment)
      #expect(try process.waitForExit(within: 10) == .status(2))
      let text = process.text(of: .error)
      for name in mistake.named {
        let name = name.replacingOccurrences(of: "@", with: scratch.path)
        #expect(text.contains(name), "\(text)")
      }
      #expect(text.hasPrefix("localproxy: ") && text.hasSuffix(". Try 'localproxy --help'.\n"))
      #expect(text.filter(\.isNewline).count == 1, "\(text)")
      #expect(process.text(of: .output).isEmpty)
    }

    @Test(
      "--help lists every option on standard output, with status 0", arguments: ["-h", "--help"])
    func help(option: String) throws {
      let scratch = try ScratchDirectory()
      let process = try ChildProcess(
        Linkage.dynamic.program("localproxy"), [option], name: "localproxy", in: scratch)
      #expect(try process.waitForExit(within: 10) == .status(0))
      let text = process.text(of: .output)
      for name in [
        "--region", "--proxy-endpoint", "--source-listen-port", "--destination-app",
        "--access-token", "--local-bind-address", "--capath", "--no-ssl-host-verify", "--verbose",
        "--help", "--version", "--access-token-file", "--client-token", "--mode", "--config",
        "--config-dir", "--settings-json", "--export-default-settings", "--destination-client-type",
        "AWSIOT_TUNNEL_CLIENT_TOKEN", "Exit status",
      ] {
        #expect(text.contains(name))
      }
      for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
    }

    @Test(
      "What is asked for and cannot be written is an error", arguments: ["--help", "--version"],
      ["localproxy", "tunneld", "localproxy-agent"])
    func fullDevice(option: String, program: String) throws {
      let scratch = try ScratchDirectory()
      let process = try ChildProcess(
        "sh", ["-c", "exec \"$0\" \"$1\" >/dev/full", Linkage.dynamic.program(program), option],
        name: program, in: scratch)
      #expect(try process.waitForExit(within: 10) == .status(1))
      #expect(
        process.text(of: .error)
          == "\(program): standard output takes nothing: No space left on device; "
          + "write to another place\n")
    }

    @Test("So are what --check finds, and the tokens of tunneld")
    func fullDeviceAtStart() throws {
      let scratch = try ScratchDirectory()
      for (program, arguments) in [
        ("localproxy", "-s 5555 -e 127.0.0.1:443 -t token --check"),
        ("tunneld", "--listen 127.0.0.1:0 --directory state"),
      ] {
        let process = try ChildProcess(
          "sh",
          [
            "-c", "cd \"$1\" && exec \"$0\" \(arguments) >/dev/full",
            Linkage.dynamic.program(program), scratch.path,
          ], name: program, in: scratch)
        #expect(try process.waitForExit(within: 10) == .status(1))
        let lines = process.text(of: .error).split(separator: "\n")
          .filter { $0.contains("standard output takes nothing: No space left on device") }
        #expect(lines.count == 1, "\(process.text(of: .error))")
      }
    }

    @Test("--version is one line", arguments: ["localproxy", "tunneld"])
    func version(program: String) throws {
      let scratch = try ScratchDirectory()
      let process = try ChildProcess(
        Linkage.dynamic.program(program), ["--version"], name: program, in: scratch)
      #expect(try process.waitForExit(within: 10) == .status(0))
      let text = process.text(of: .output)
      #expect(text.hasPrefix(program))
      #expect(text.split(separator: "\n").count == 1)
    }

    @Test("Long names and the token's option do what the short ones and the environment do")
    func longNames() throws {
      let server = try Server(handler: Exchange.serve)
      defer { server.stop() }
      let scratch = try ScratchDirectory()
      let tunneld = try Tunneld(.dynamic, services: ["SSH1"], in: scratch)
      let common = [
        "--proxy-endpoint=localhost:\(tunneld.port)", "--capath", tunneld.authorities,
        "--verbose=5",
      ]
      let program = try Linkage.dynamic.program("localproxy")
      let tokens = tunneld.tunnels[0]
      let destination = try ChildProcess(
        program,
        common + [
          "--access-token", tokens.destination, "--destination-app",
          "SSH1=localhost:\(server.port)",
        ], name: "destination", in: scratch)
      try destination.waitForLine(containing: "ready: service SSH1")
      let source = try ChildProcess(
        program,
        common + [
          "--access-token", tokens.source, "--source-listen-port", "SSH1=0",
          "--local-bind-address", "127.0.0.1",
        ], name: "source", in: scratch)
      let line = try source.waitForLine(containing: LocalProxy.listening, "SSH1")
      let port = try parsePort(in: line, after: LocalProxy.listening)
      try Exchange(seed: 6, upload: 1000, download: 1000).runAsClient(
        over: Socket(connectingTo: port), within: 20)
    }
  }
}
