import Basics
import Reactor

/// An access token that was just made, and what the printed command binds it to: the service wants another client token
/// for each access token.
struct NewToken {
  let access: String
  let client: String
}

/// The commands that tunneld prints for a tunnel's tokens, ready for a shell of its machine.
struct PrintedCommands {
  /// The first source's port; the others' count on from there.
  private static let firstPort = 5_555
  /// Places without a server that are named at the most.
  private static let placeCountMax = 4

  /// What localproxy's `-e` takes.
  let endpoint: Endpoint
  /// What its `-c` takes; nil when the system's own trust is to do.
  let trustDirectory: String?
  private let hasWebProxy: Bool
  /// What one should know about them; empty, or a line of its own.
  let hint: String
  /// Whether somebody listens on a port of this machine; nil when that cannot be known.
  private let isListenedOn: (UInt16) -> Bool?
  private var nextPort = Self.firstPort
  /// By tunnel, from 1 on, so that new tokens come with the ports that the old ones had.
  private var firstPorts: [Int] = []

  /// - Parameters:
  ///   - certificate: a given one; nil for that of an own authority, which is for every name that is used here.
  ///   - trustDirectories: where its issuer may be; that of the own authority.
  ///   - hasWebProxy: whether the environment has one.
  init(
    listening address: SocketAddress, certificate: CertificateNames?, trustDirectories: [String],
    hasWebProxy: Bool = Self.hasWebProxyHere,
    isListenedOn: @escaping (UInt16) -> Bool? = Self.isListenedOnHere
  ) {
    self.isListenedOn = isListenedOn
    let names = Self.names(of: address)
    self.hasWebProxy = hasWebProxy
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

  private static var hasWebProxyHere: Bool {
    Process.environment("https_proxy") != nil || Process.environment("HTTPS_PROXY") != nil
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

  /// A server that listens on all addresses counts for each; the one that `localhost` leads to may be of either family.
  private static func isListenedOnHere(port: UInt16) -> Bool? {
    var isKnown = true
    for host in ["127.0.0.1", "::1"] {
      let answer = SocketAddress(numeric: host, port: port)?.isListenedOn
      if answer == true { return true }
      if answer == nil { isKnown = false }
    }
    return isKnown ? false : nil
  }

  /// The heading, the destination's command, and the source's; without that of an end that has no new token.
  mutating func text(
    tunnel number: Int, services: [String], source: NewToken?, destination: NewToken?
  ) -> String {
    while firstPorts.count < number {
      firstPorts.append(nextPort)
      nextPort += max(services.count, 1)
    }
    var text = "# tunnel \(number)"
    if !services.isEmpty { text += ": " + services.joined(separator: ", ").printable }
    text += "\n"
    if let destination {
      let mappings = Self.mappings(services) { "localhost:\(Self.destinationPort($0))" }
      text += command(destination, "-d", mappings)
    }
    if let source {
      let first = firstPorts[number - 1]
      let mappings = Self.mappings(services) { "\(Self.port(first + $0))" }
      text += command(source, "-s", mappings)
    }
    return text
  }

  /// The client token lets each command be used again: without one that stays the same, the first connection spends
  /// the access token.
  private func command(
    _ token: NewToken, _ option: String, _ mappings: String
  ) -> String {
    let trust = trustDirectory.map { " -c \(Self.quoted($0))" } ?? ""
    // By itself localproxy goes around a web proxy to loopback alone, and this may be another address of this machine.
    let around =
      !hasWebProxy || ["localhost", "127.0.0.1", "::1"].hasSame(endpoint.host)
      ? "" : " no_proxy=\(Self.quoted(endpoint.host))"
    return "AWSIOT_TUNNEL_ACCESS_TOKEN=\(token.access)\(around) localproxy "
      + "-e \(Self.quoted(endpoint.description))"
      + "\(trust) -i \(token.client) \(option) \(Self.quoted(mappings))\n"
  }

  /// The servers that come to mind, and their neighbours; they are the reader's to change.
  private static func destinationPort(_ index: Int) -> UInt16 {
    // The list of services has an end before the ports have.
    UInt16(truncatingIfNeeded: index == 0 ? 22 : 79 + index)
  }

  /// - Parameter place: of a service, by its index.
  private static func mappings(_ services: [String], _ place: (Int) -> String) -> String {
    var text = services.isEmpty ? place(0) : ""
    for (index, name) in services.enumerated() {
      text += (index == 0 ? "" : ",") + name + "=" + place(index)
    }
    return text
  }

  /// A line about the servers that a destination would not find; empty when they are all there.
  func missingServers(_ services: [String]) -> String {
    var places = ""
    var count = 0
    for index in 0..<max(services.count, 1) {
      let port = Self.destinationPort(index)
      if isListenedOn(port) != false { continue }
      count += 1
      if count <= Self.placeCountMax { places += (count == 1 ? "" : ", ") + "\(port)" }
    }
    if count == 0 { return "" }
    if count > Self.placeCountMax { places += " and \(count - Self.placeCountMax) more" }
    let ports = count == 1 ? "port " : "ports "
    return "# nothing listens on \(ports)\(places) here: start a server there, "
      + "or put the place of yours after -d\n"
  }

  /// 0, a free one, when the numbers have run out.
  private static func port(_ number: Int) -> Int { number > Int(UInt16.max) ? 0 : number }

  /// One word for a shell, which is the text.
  static func quoted(_ text: String) -> String {
    let isPlain = text.consists { $0.isLetterOrDigit || "%+,-./:=@_".has($0) }
    if isPlain && !text.utf8.isEmpty { return text }
    // A quotation mark ends the word's quoted part, stands for itself, and begins the next.
    let parts = text.octets.parted(at: UInt8(ascii: "'")).map { $0.text }
    return "'\(parts.joined(separator: #"'\''"#))'"
  }
}
