import Foundation
import Testing

extension EndToEnd {
  /// What people get wrong in their first hour: each mistake gets one line with the thing, the reason and the remedy.
  @Suite("Mistakes")
  struct Mistakes {
    /// A command, and all that it says, a line each. A `§` stands for a directory of the test's, where the files are.
    struct Mistake: CustomTestStringConvertible {
      let arguments: [String]
      let text: String
      let token: String?
      let environment: [String: String]
      let files: [String: String]
      let links: [String: String]

      init(
        _ arguments: String..., says text: String, token: String? = "a-token",
        environment: [String: String] = [:], files: [String: String] = [:],
        links: [String: String] = [:]
      ) {
        self.arguments = arguments.flatMap { argument in
          // One that has a blank in it comes as it is.
          argument.hasPrefix("|")
            ? [String(argument.dropFirst())] : argument.split(separator: " ").map(String.init)
        }
        self.text = text
        self.token = token
        self.environment = environment
        self.files = files
        self.links = links
      }

      var testDescription: String {
        let texts = files.map { "(\($0): \($1))" } + environment.map { "\($0)=\($1)" }
        return (["localproxy"] + arguments + texts + [token ?? ""]).joined(separator: " ")
      }
    }

    private func check(_ mistake: Mistake) throws {
      let scratch = try ScratchDirectory()
      for (name, text) in mistake.files {
        let path = scratch.file(name)
        try FileManager.default.createDirectory(
          atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      }
      for (name, text) in mistake.links {
        try FileManager.default.createSymbolicLink(
          atPath: scratch.file(name),
          withDestinationPath: text.replacingOccurrences(of: "§", with: scratch.path))
      }
      var environment = mistake.environment
      environment["AWSIOT_TUNNEL_ACCESS_TOKEN"] = mistake.token
      let process = try ChildProcess(
        "sh",
        ["-c", "cd '\(scratch.path)' && exec \"$0\" \"$@\"", Linkage.dynamic.program("localproxy")]
          + mistake.arguments.map { $0.replacingOccurrences(of: "§", with: scratch.path) },
        name: "localproxy", in: scratch, environment: environment)
      #expect(try process.waitForExit(within: 20) == .status(2))
      let text = mistake.text.replacingOccurrences(of: "§", with: scratch.path)
      let lines = text.split(separator: "\n").map {
        "localproxy: \($0). Try 'localproxy --help'.\n"
      }
      #expect(process.text(of: .error) == lines.joined())
      #expect(process.text(of: .output).isEmpty)
    }

    private static let to = "-e localhost:9"
    private static let noLevel = "is not a level: 0 (off) to 6 (trace), and up to 255 the same"
    private static let noLine =
      "this is not KEY = VALUE: put '=' between the two, or '#' in front of a comment"

    @Test(
      "What is wrong with an option's name or its argument is said as such",
      arguments: [
        Mistake(
          "--regoin us-east-1 -s 5555", says: "unknown option '--regoin'; the nearest is --region"),
        Mistake(
          "\(to) --source-port 5555",
          says: "unknown option '--source-port'; the nearest is --source-listen-port"),
        Mistake("\(to) --token x", says: "unknown option '--token'; the nearest is --access-token"),
        Mistake(
          "\(to) --config_dir x", says: "unknown option '--config_dir'; the nearest is --config-dir"
        ),
        Mistake("\(to) --nonsense", says: "unknown option '--nonsense'"),
        Mistake(
          "-region us-east-1 -s 5555", says: "unknown option '-region'; the nearest is --region"),
        Mistake(
          "-source-listen-port=5555 \(to)",
          says: "unknown option '-source-listen-port'; the nearest is --source-listen-port"),
        Mistake("\(to) -v -s 5555", says: "option '-v' needs an argument"),
        Mistake("\(to) -kv -s 5555", says: "option '-v' needs an argument"),
        Mistake(
          "\(to) --verbose --source-listen-port=1", says: "option '--verbose' needs an argument"),
        Mistake("\(to) -t -s 5555", says: "option '-t' needs an argument"),
        Mistake(
          "-r=us-east-1 -s 5555", says: "the argument of --region begins with '='; leave that out"),
        Mistake(
          "-t=s3cret -s 5555",
          says: "the argument of --access-token begins with '='; leave that out"),
        Mistake(
          "–r us-east-1", says: "unexpected argument '–r': options begin with '-', not with a dash"),
        Mistake(
          "\(to) -s 5555 -k true",
          says: "unexpected argument 'true': no option takes it; a command stands behind '--'"),
        Mistake(
          "\(to) -s 5555 a-very-secret-token",
          says: "unexpected argument 'a-very-s…': no option takes it; a command stands behind '--'"),
        Mistake(
          "\(to) -s", "|", says: "--source-listen-port is empty; give it a value, or leave it out"),
        Mistake("-s 1 -r", "|", says: "--region is empty; give it a value, or leave it out"),
        Mistake(
          "\(to) -s 1 -t", "|", says: "--access-token is empty; give it a value, or leave it out"),
        Mistake(
          "\(to) -s 1 -v info",
          says: "--verbose 'info' \(noLevel)"),
        Mistake("\(to) -s 1 -vv", says: "--verbose 'v' \(noLevel)"),
        Mistake("\(to) -s 1 -v 256", says: "--verbose '256' \(noLevel)"),
        Mistake(
          "--config §/c", says: "§/c, line 1: there is no option 'regoin'; the nearest is --region",
          files: ["c": "regoin = us-east-1"]),
        Mistake(
          "--config §/c",
          says: "§/c, line 1: 'check' cannot stand in a file; give it on the command line",
          files: ["c": "check = 1"]),
        Mistake(
          "--config §/c", says: "§/c, line 2: \(noLine)",
          files: ["c": "mode = src\nregion us-east-1"]),
        Mistake(
          "--config §/c", says: "§/c, line 2: 'mode' is given twice; leave one out",
          files: ["c": "mode = src\nmode = dst"]),
        Mistake(
          "\(to) -s 1 --config §",
          says: "--config '§' cannot be read: Is a directory; correct the path"),
        Mistake(
          "\(to) -s 1 --config ~/c",
          says: "--config '~/c' cannot be read: No such file or directory; "
            + "no shell has expanded '~': write the path out"),
        Mistake(
          "\(to) -s 1 -k=1",
          says: "option '--no-ssl-host-verify' takes no value; leave that out"),
        Mistake("-V=1", says: "option '--version' takes no value; leave that out"),
        Mistake("--=x", says: "unknown option '--'"),
        Mistake(
          "--export-settings-jsn x",
          says: "unknown option '--export-settings-jsn'; the nearest is --settings-json"
        ),
      ])
    func ofOptions(mistake: Mistake) throws { try check(mistake) }

    private static let noRegion =
      "is not a region; such as us-east-1 it has small letters, hyphens, and one number at its end"

    @Test(
      "An endpoint is a host and perhaps a port, and a region one of AWS's",
      arguments: [
        Mistake(
          "-e https://host.example -s 5555",
          says:
            "--proxy-endpoint 'https://host.example' is not HOST[:PORT]: of a URL this takes 'host.example' alone"
        ),
        Mistake(
          "-e wss://host.example:443/tunnel?x=1 -s 5555",
          says:
            "--proxy-endpoint 'wss://host.example:443/tunnel?x=1' is not HOST[:PORT]: of a URL this takes "
            + "'host.example:443' alone"),
        Mistake(
          "-e host.example/tunnel -s 5555",
          says:
            "--proxy-endpoint 'host.example/tunnel' is not HOST[:PORT]: of a URL this takes 'host.example' alone"
        ),
        Mistake(
          "-e user@host.example:443 -s 5555",
          says: "--proxy-endpoint 'user@host.example:443' is not HOST[:PORT]: of a URL this takes "
            + "'host.example:443' alone"),
        Mistake(
          "-e https:// -s 5555",
          says: "--proxy-endpoint 'https://' is not HOST[:PORT]: of a URL this takes 'HOST' alone"),
        Mistake(
          "-e ::1 -s 5555",
          says:
            "--proxy-endpoint '::1' is not HOST[:PORT]: an IPv6 address stands in brackets: [::1]:PORT"
        ),
        Mistake(
          "-e us-east-1 -s 5555",
          says: "--proxy-endpoint 'us-east-1' is a region; give it as --region (-r)"),
        Mistake("-r us-east1 -s 5555", says: "--region 'us-east1' \(noRegion)"),
        Mistake("-r US-EAST-1 -s 5555", says: "--region 'US-EAST-1' \(noRegion)"),
        Mistake("-r us-east-1a -s 5555", says: "--region 'us-east-1a' \(noRegion)"),
        Mistake("-r", "|N. Virginia", "-s 5555", says: "--region 'N. Virginia' \(noRegion)"),
        Mistake(
          "-r data.tunneling.iot.us-east-1.amazonaws.com -s 5555",
          says: "--region 'data.tunneling.iot.us-east-1.amazonaws.com' \(noRegion)"),
        Mistake(
          "-s 5555",
          says: "give --region (-r) or --proxy-endpoint (-e); AWSIOT_TUNNEL_REGOIN is none of "
            + "localproxy's variables, the nearest is AWSIOT_TUNNEL_REGION",
          environment: ["AWSIOT_TUNNEL_REGOIN": "us-east-1"]),
        Mistake(
          "\(to) -s 1 -b 127.0.0.1:5555",
          says:
            "--local-bind-address '127.0.0.1:5555' has a port, which has no place here; leave it out"
        ),
        Mistake(
          "\(to) -s 1 -c §/x",
          says:
            "--capath '§/x' cannot be used: No such file or directory; correct the path"),
        Mistake(
          "\(to) -s 1 --config-dir ~root/x",
          says: "--config-dir '~root/x' cannot be used: No such file or directory; "
            + "no shell has expanded '~': write the path out"),
        Mistake(
          "\(to) -s 1 -c §/x.pem",
          says: "--capath '§/x.pem' is a file; give the directory that it is in",
          files: ["x.pem": ""]),
        Mistake(
          "\(to) -s 1 --config-dir §/x",
          says: "--config-dir '§/x' is a file; give the directory that it is in", files: ["x": ""]),
      ])
    func ofPlaces(mistake: Mistake) throws { try check(mistake) }

    private static let noPort = "is not a port; give PORT, HOST:PORT or SERVICE=PORT[,…]"

    @Test(
      "A mapping is a port, a host and a port, or a path",
      arguments: [
        Mistake(
          "\(to) -s 5614:localhost:22",
          says:
            "--source-listen-port '5614:localhost:22': in the place of ssh's PORT:HOST:PORT the source takes "
            + "-s 5614, and the destination -d localhost:22"),
        Mistake(
          "\(to) -d SSH=5614:localhost:22",
          says:
            "--destination-app 'SSH=5614:localhost:22': in the place of ssh's PORT:HOST:PORT the source takes "
            + "-s 5614, and the destination -d localhost:22"),
        Mistake(
          "\(to) -s a:b:1",
          says: "--source-listen-port 'a:b:1': there is more than one ':' in it; give HOST:PORT"),
        Mistake(
          "\(to) -s [::1:5",
          says: "--source-listen-port '[::1:5': '[' without ']'; it is [IPV6]:PORT"),
        Mistake(
          "\(to) -d :22",
          says:
            "--destination-app ':22': there is no host in front of ':'; leave that out, or give one"
        ),
        Mistake(
          "\(to) -d a!b:22",
          says:
            "--destination-app 'a!b:22': 'a!b' is not a host name, of letters, digits, '.', '-' and '_'"
        ),
        Mistake(
          "\(to) -d -",
          says:
            "--destination-app '-': standard input and output are for a source alone (-s); give the server's "
            + "port"),
        Mistake(
          "\(to) -s A=5,B=5",
          says:
            "--source-listen-port 'B=5': A and B cannot both listen on port 5 of localhost; move one of them"
        ),
        Mistake(
          "\(to) -s A=-,B=5",
          says:
            "--source-listen-port 'A=-,B=5' has '-' beside others; its one connection ends the program, so "
            + "give it alone"),
        Mistake(
          "\(to) -s /\(String(repeating: "x", count: 107))",
          says:
            "--source-listen-port '/\(String(repeating: "x", count: 79))…': a socket's path has 107 bytes at "
            + "the most; choose a shorter one"),
        Mistake(
          "\(to) -s 1 --status localhost",
          says: "--status 'localhost': there is no port in it; give PORT or HOST:PORT"),
        Mistake(
          "\(to) -d http://localhost:8080",
          says:
            "--destination-app 'http://localhost:8080': of a URL this takes 'localhost:8080' alone"),
        Mistake(
          "\(to) -d WEB=http://localhost/x",
          says:
            "--destination-app 'WEB=http://localhost/x': of a URL this takes 'localhost:PORT' alone"
        ),
        Mistake(
          "\(to) -d localhost:8080/x",
          says: "--destination-app 'localhost:8080/x': of a URL this takes 'localhost:8080' alone"),
        Mistake(
          "\(to) -d root@localhost:22",
          says: "--destination-app 'root@localhost:22': of a URL this takes 'localhost:22' alone"),
        Mistake("\(to) -d 22/tcp", says: "--destination-app '22/tcp': '22/tcp' \(noPort)"),
        Mistake(
          "\(to) -s ::1:5613",
          says: "--source-listen-port '::1:5613': an IPv6 address stands in brackets: [::1]:5613"),
        Mistake(
          "\(to) -d fe80::1:2:3:22",
          says:
            "--destination-app 'fe80::1:2:3:22': an IPv6 address stands in brackets: [fe80::1:2:3]:22"
        ),
        Mistake("\(to) -s ssh", says: "--source-listen-port 'ssh': 'ssh' \(noPort)"),
        Mistake("\(to) -d localhost", says: "--destination-app 'localhost': 'localhost' \(noPort)"),
        Mistake(
          "\(to) -s", "|SSH=5555 WEB=80",
          says: "--source-listen-port 'SSH=5555 WEB=80': '5555 WEB=80' \(noPort)"),
        Mistake(
          "\(to) -d 22,80",
          says: "--destination-app '22': beside others a mapping needs its service: SERVICE=PORT\n"
            + "--destination-app '80': beside others a mapping needs its service: SERVICE=PORT"),
        Mistake(
          "\(to) -s 70000", says: "--source-listen-port '70000': '70000' is not a port (0 to 65535)"
        ),
        Mistake(
          "\(to) -d 0",
          says: "--destination-app '0': port 0 is not possible here; give the server's"),
        Mistake(
          "\(to) -d 1 -- ssh",
          says: "a command behind '--' is for a source that listens, as with -s SERVICE=0"),
        Mistake(
          "\(to) -d SSH=1 -d SSH=2",
          says: "--destination-app 'SSH=2': SSH is given twice, at first as 'SSH=1'; leave one out"),
        Mistake(
          "\(to) -s SSH=1 -s WEB=2,SSH=3",
          says:
            "--source-listen-port 'SSH=3': SSH is given twice, at first as 'SSH=1'; leave one out"),
        Mistake(
          "\(to) -s 1 -s 2",
          says:
            "--source-listen-port '1': beside others a mapping needs its service: SERVICE=PORT\n"
            + "--source-listen-port '2': beside others a mapping needs its service: SERVICE=PORT"),
        Mistake(
          "\(to) -s 1 -d 2",
          says: "--source-listen-port and --destination-app exclude each other; leave one out"),
        Mistake(
          "\(to)", says: "give --source-listen-port (-s), --destination-app (-d) or --mode (-m)"),
        Mistake("\(to) -m both", says: "--mode 'both' is none of src, source, dst, destination"),
      ])
    func ofMappings(mistake: Mistake) throws { try check(mistake) }

    @Test(
      "A Unix socket that cannot be made is said at the start, with what is in its way",
      arguments: ["-s SSH=", "-s ", "-s 1 --status "])
    func ofSocketPaths(option: String) throws {
      let label = option.contains("status") ? "--status" : "--source-listen-port"
      let none = "what is there is no socket; remove it, or choose another path"
      let cases: [(path: String, reason: String)] = [
        ("§/none/s", "there is no directory '§/none'; make it"),
        (
          "§/file/s",
          "its directory '§/file' cannot be used: Not a directory; correct the path"
        ),
        (
          "§/link/s",
          "its directory '§/link' cannot be used: it is a symbolic link that leads nowhere; "
            + "correct the path"
        ),
        (
          "~/s",
          "its directory '~' cannot be used: No such file or directory; "
            + "no shell has expanded '~': write the path out"
        ),
        ("§/file", none), ("§/dir", "that is a directory; give a path in it"),
      ]
      for (path, reason) in cases {
        try check(
          Mistake(
            "\(Self.to) \(option)\(path)", says: "\(label) '\(path)': \(reason)",
            environment: ["LISTEN_FDS": "1", "LISTEN_PID": "1"],
            files: ["file": "mine", "dir/file": ""], links: ["link": "§/nowhere"]))
      }
    }

    @Test(
      "Each of several mistakes in one thing is a line",
      arguments: [
        Mistake(
          "--regoin us-east-1 -k=1 -s -v 4",
          says: "unknown option '--regoin'; the nearest is --region\n"
            + "option '--no-ssl-host-verify' takes no value; leave that out\n"
            + "option '-s' needs an argument"),
        Mistake(
          "-r", "|", "-s", "|",
          says: "--region is empty; give it a value, or leave it out\n"
            + "--source-listen-port is empty; give it a value, or leave it out"),
        Mistake(
          "\(to) -b a:1 -s A=x,B=1,B=2 --config-dir §/none",
          says: "--local-bind-address 'a:1' has a port, which has no place here; leave it out\n"
            + "--source-listen-port 'A=x': 'x' \(noPort)\n"
            + "--source-listen-port 'B=2': B is given twice, at first as 'B=1'; leave one out\n"
            + "--config-dir '§/none' cannot be used: No such file or directory; correct the path"),
        Mistake(
          "--config §/c",
          says: "§/c, line 1: there is no option 'regoin'; the nearest is --region\n"
            + "§/c, line 2: \(noLine)\n"
            + "§/c, line 4: 'mode' is given twice; leave one out",
          files: ["c": "regoin = x\nno\nmode = src\nmode = dst"]),
        Mistake(
          "\(to) -s A=5555 --status 5555",
          says: "--status and A cannot both listen on port 5555 of localhost; move one of them"),
        Mistake(
          "\(to) -s SSH:/tmp/x",
          says: "--source-listen-port 'SSH:/tmp/x': a service's socket is SERVICE=PATH, "
            + "as SSH=/run/ssh.sock"),
      ])
    func ofSeveral(mistake: Mistake) throws { try check(mistake) }

    @Test("All that is wrong is said at once, a line each")
    func ofAll() throws {
      let scratch = try ScratchDirectory()
      let process = try ChildProcess(
        Linkage.dynamic.program("localproxy"), ["-v", "loud"], name: "localproxy", in: scratch)
      #expect(try process.waitForExit(within: 20) == .status(2))
      #expect(
        process.text(of: .error) == """
          localproxy: there is no access token; set AWSIOT_TUNNEL_ACCESS_TOKEN. Try 'localproxy --help'.
          localproxy: give --region (-r) or --proxy-endpoint (-e). Try 'localproxy --help'.
          localproxy: give --source-listen-port (-s), --destination-app (-d) or --mode (-m). Try 'localproxy --help'.
          localproxy: --verbose 'loud' \(Self.noLevel). Try 'localproxy --help'.

          """)
    }

    private static let old =
      "{\"tunneling\": {\"proxy\": {\"websocket\": {\"subprotocol\": \"aws.iot.securetunneling-1.0\"}}}}"

    @Test(
      "What the start can know of services and files, it says before a token is spent",
      arguments: [
        Mistake(
          "\(to) -m dst", says: "there is no mapping; add -d HOST:PORT or -d SERVICE=HOST:PORT"),
        Mistake(
          "\(to) -m dst",
          says:
            "there is no mapping; add -d HOST:PORT or -d SERVICE=HOST:PORT, or a line in a file of "
            + "./config (read: ./config/a, ./config/b, line 2: \(noLine))",
          files: ["config/a": "; none\n", "config/b": "SSH=22\nx"]),
        Mistake(
          "\(to) -m dst --config-dir §/d",
          says:
            "there is no mapping; add -d HOST:PORT or -d SERVICE=HOST:PORT, or a line in a file of "
            + "§/d (read: §/d/1, §/d/2, §/d/3, §/d/4, §/d/5, §/d/6, §/d/7, …)",
          files: Dictionary(uniqueKeysWithValues: (1...9).map { ("d/\($0)", "") })),
        Mistake(
          "\(to) -d A=1,B=2 --settings-json §/s",
          says:
            "§/s: tunneling.proxy.websocket.subprotocol is V1, which knows one service without a name; give "
            + "one mapping with -d, or a newer version", files: ["s": old]),
        Mistake(
          "\(to) -s A=1 -s B=2 --settings-json §/s",
          says:
            "§/s: tunneling.proxy.websocket.subprotocol is V1, which knows one service without a name; give "
            + "one mapping with -s, or a newer version", files: ["s": old]),
        Mistake(
          "\(to) -m dst --settings-json §/s",
          says:
            "§/s: tunneling.proxy.websocket.subprotocol is V1, which knows one service without a name; give "
            + "one mapping with -d, or a newer version", files: ["s": old, "config/a": "A=1\n"]),
        Mistake(
          "\(to) -s A=1,B=2 -y v1",
          says:
            "--destination-client-type is V1, which knows one service without a name; give one mapping "
            + "with -s, or a newer version"),
        Mistake(
          "--export-default-settings §/s",
          says:
            "--export-default-settings '§/s' is there already, with something else in it; choose another "
            + "name, or --force", files: ["s": "{}"]),
      ])
    func ofFiles(mistake: Mistake) throws { try check(mistake) }

    @Test(
      "What no token can be is said without showing it, wherever it was given",
      arguments: [
        (
          "{\"sourceAccessToken\": \"AQs3cret\"}",
          "there is JSON where the token alone belongs, the value of one of its keys"
        ),
        ("[1]", "there is JSON where the token alone belongs, the value of one of its keys"),
        (
          "AWSIOT_TUNNEL_ACCESS_TOKEN=AQs3cret", "there is NAME=VALUE where the value alone belongs"
        ),
        ("export TOKEN=AQs3cret==", "there is NAME=VALUE where the value alone belongs"),
        (
          "AQs3c ret",
          "character 6 of the access token is a blank or a control character, which no token has; copy it again"
        ),
        (
          "\"AQs3cret\"",
          "character 1 of the access token is '\"', which no token has; copy it again"
        ),
        ("AQs3cret'", "character 9 of the access token is ''', which no token has; copy it again"),
        ("AQs3cret…", "character 9 of the access token is '…', which no token has; copy it again"),
        ("“AQs3cret”", "character 1 of the access token is '“', which no token has; copy it again"),
        ("<s3cret>", "character 1 of the access token is '<', which no token has; copy it again"),
        ("$s3cret", "character 1 of the access token is '$', which no token has; copy it again"),
        ("./token", "there is a file of that name; --access-token-file is the option for it"),
      ])
    func ofTokens(token: String, reason: String) throws {
      let arguments = "\(Self.to) -s 5555"
      let variable = "AWSIOT_TUNNEL_ACCESS_TOKEN"
      let files = ["token": token]
      try check(Mistake(arguments, says: "\(variable): \(reason)", token: token, files: files))
      try check(
        Mistake(arguments, "-t", "|\(token)", says: "--access-token: \(reason)", files: files))
      try check(
        Mistake(
          arguments, "--access-token-file ./token",
          says: "--access-token-file './token': \(reason)",
          files: files))
    }

    @Test("A token in a variable of another name is found, and its value is not shown")
    func ofVariables() throws {
      try check(
        Mistake(
          "\(Self.to) -s 5555",
          says:
            "there is no access token; set AWSIOT_TUNNEL_ACCESS_TOKEN; AWSIOT_TUNNEL_TOKEN is none of "
            + "localproxy's variables, the nearest is AWSIOT_TUNNEL_ACCESS_TOKEN", token: nil,
          environment: ["AWSIOT_TUNNEL_TOKEN": "s3cret"]))
    }

    @Test("An unknown variable is a warning when nothing is missing")
    func warnsOfVariables() throws {
      let scratch = try ScratchDirectory()
      let process = try ChildProcess(
        Linkage.dynamic.program("localproxy"),
        ["--check", "-e", "127.0.0.1:9", "-s", "5555", "-k"],
        name: "localproxy", in: scratch,
        environment: [
          "AWSIOT_TUNNEL_ACCESS_TOKEN": "a-token", "AWSIOT_TUNNEL_ENDPIONT": "x",
        ])
      #expect(try process.waitForExit(within: 20) == .status(0))
      #expect(
        process.text(of: .output).contains(
          "\nwarning         AWSIOT_TUNNEL_ENDPIONT is none of localproxy's variables, the nearest is "
            + "AWSIOT_TUNNEL_ENDPOINT\n"))
    }

    @Test("A service without a mapping: directory and files are named when the tunnel is known")
    func withoutMapping() throws {
      try withStage(["SSH1", "HTTP1"]) { stage in
        let folder = stage.scratch.file("services")
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
        try "SSH1=22".write(toFile: folder + "/ssh.ini", atomically: false, encoding: .utf8)
        let destination = try LocalProxy.start(
          .dynamic, endpoint: stage.tunneld.port, token: stage.tunneld.tunnels[0].destination,
          name: "destination",
          arguments: ["-c", stage.tunneld.authorities, "-m", "dst", "--config-dir", folder],
          in: stage.scratch)
        #expect(try destination.waitForExit(within: 20) == .status(6))
        #expect(
          destination.logLines.last?.hasSuffix(
            "[fatal] the tunnel's service 'HTTP1' has no mapping; add -d HTTP1=host:port, or a line in a "
              + "file of \(folder) (read: \(folder)/ssh.ini)") == true, "\(destination.tail)")
      }
    }

    @Test("Settings that somebody has edited are replaced with --force alone")
    func exports() throws {
      let scratch = try ScratchDirectory()
      let path = scratch.file("settings.json")
      func export(_ arguments: String...) throws -> ChildProcess.Exit {
        try ChildProcess(
          Linkage.dynamic.program("localproxy"), arguments + ["--export-default-settings", path],
          name: "export", in: scratch
        ).waitForExit(within: 20)
      }
      #expect(try export() == .status(0))
      let defaults = try String(contentsOfFile: path, encoding: .utf8)
      // What is in it already may be written again.
      #expect(try export() == .status(0))
      let edited = defaults.replacingOccurrences(of: "20000", with: "5000")
      try edited.write(toFile: path, atomically: false, encoding: .utf8)
      #expect(try export() == .status(2))
      #expect(try String(contentsOfFile: path, encoding: .utf8) == edited)
      #expect(try export("--force") == .status(0))
      #expect(try String(contentsOfFile: path, encoding: .utf8) == defaults)
      try "".write(toFile: path, atomically: false, encoding: .utf8)
      #expect(try export() == .status(0))
    }
  }
}
