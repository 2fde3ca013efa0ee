import Proxy
import Reactor

/// The commands that tunneld prints when it opens tunnels, ready for a shell of its machine.
struct PrintedCommands {
  /// The first source's port; the others' count on from there.
  private static let firstPort = 5_555

  let services: [String]
  /// What localproxy's `-e` takes.
  let endpoint: Endpoint
  /// What its `-c` takes; nil when the system's own trust is to do.
  let trustDirectory: String?
  /// What one should know about them; empty, or a line of its own.
  let hint: String
  private var nextPort = Self.firstPort

  /// - Parameters:
  ///   - certificate: a given one; nil for that of an own authority, which is for every name that is used here.
  ///   - trustDirectories: where its issuer may be; that of the own authority.
  init(
    services: [String], listening address: SocketAddress, certificate: CertificateNames?,
    trustDirectories: [String]
  ) {
    self.services = services
    let names = Self.names(of: address)
    var host = names[0]
    guard let certificate else {
      endpoint = Endpoint(host: host, port: address.port)
      trustDirectory = trustDirectories.first
      hint = ""
      return
    }
    var hints: [String] = []
    if let name = names.first(where: { certificate.include($0) }) {
      host = name
    } else if let name = certificate.hosts.first {
      host = name
      hints.append("\(name) is a name of the certificate's and must lead here")
    } else {
      hints.append("in place of \(host), a name is needed that the certificate is for")
    }
    endpoint = Endpoint(host: host, port: address.port)
    trustDirectory = certificate.trustDirectory(among: trustDirectories)
    if trustDirectory == nil {
      hints.append(
        "this system must know the certificate's issuer, or localproxy needs '-c DIR' with it")
    }
    hint = hints.isEmpty ? "" : "# \(hints.joined(separator: "; "))\n"
  }

  /// How a client on the same machine may call an address that is listened on; the best first.
  private static func names(of address: SocketAddress) -> [String] {
    switch (address.isIPv6, address.host) {
    case (false, "0.0.0.0"), (false, "127.0.0.1"): ["localhost", "127.0.0.1"]
    // localhost need not have an address of this family.
    case (true, "::"), (true, "::1"): ["::1", "localhost"]
    default: [address.host]
    }
  }

  /// The heading, the destination's command, and the source's.
  mutating func text(tunnel number: Int, _ tokens: TunnelService.TokenPair) -> String {
    let names = Self.printable(services.joined(separator: ", "))
    let heading = "# tunnel \(number)\(names.isEmpty ? "" : ": \(names)")\n"
    return heading + command(tokens.destination, "-d", destinationMappings)
      + command(tokens.source, "-s", sourceMappings())
  }

  private func command(_ token: String, _ option: String, _ mappings: String) -> String {
    let trust = trustDirectory.map { " -c \(Self.quoted($0))" } ?? ""
    return "AWSIOT_TUNNEL_ACCESS_TOKEN=\(token) localproxy -e \(Self.quoted(endpoint.description))"
      + "\(trust) \(option) \(Self.quoted(mappings))\n"
  }

  /// The servers that come to mind, and their neighbours; they are the reader's to change.
  private var destinationMappings: String {
    if services.isEmpty { return "localhost:22" }
    return services.enumerated().map { index, name in
      "\(name)=localhost:\(index == 0 ? 22 : 79 + index)"
    }.joined(separator: ",")
  }

  private mutating func sourceMappings() -> String {
    if services.isEmpty { return "\(takePort())" }
    return services.map { "\($0)=\(takePort())" }.joined(separator: ",")
  }

  /// 0, a free one, when the numbers have run out.
  private mutating func takePort() -> Int {
    if nextPort > Int(UInt16.max) { return 0 }
    defer { nextPort += 1 }
    return nextPort
  }

  /// One word for a shell, which is the text.
  static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { octet in
      (0x30...0x39).contains(octet) || (0x41...0x5a).contains(octet)
        || (0x61...0x7a).contains(octet) || "%+,-./:=@_".utf8.contains(octet)
    }
    if isPlain && !text.utf8.isEmpty { return text }
    var quoted: [UInt8] = [0x27]
    for octet in text.utf8 {
      // A quotation mark ends the word's quoted part, stands for itself, and begins the next.
      quoted += octet == 0x27 ? Array(#"'\''"#.utf8) : [octet]
    }
    return String(decoding: quoted + [0x27], as: UTF8.self)
  }

  /// A comment ends with its line.
  private static func printable(_ text: String) -> String {
    String(decoding: text.utf8.map { $0 < 0x20 || $0 == 0x7f ? 0x3f : $0 }, as: UTF8.self)
  }
}
