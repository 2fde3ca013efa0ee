import Basics
import Reactor

@testable import Configuration
@testable import Tunnel
@testable import WebProxy

extension FuzzTarget {
  /// Octet 0: which of the texts that a user writes. The rest is that text.
  static let configuration = FuzzTarget(name: "configuration", inputByteCountMax: 2_048) {
    bytes throws(Finding) in
    var input = FuzzInput(bytes)
    let choices = input.octet()
    let role: TunnelRole = choices & 0x80 == 0 ? .source : .destination
    let text = input.remaining()
    switch choices & 0x7f % 7 {
    case 0, 1: try LinesRule.expect(text, hashEndsLine: choices & 1 == 0)
    case 2: try expectOptions(text)
    case 3: try expectMappings(text, role)
    case 4: try expectEndpoint(text)
    case 5: try expectWebProxy(text)
    default: try expectExemptions(text)
    }
  }

  /// A `--config` file.
  private static func expectOptions(_ text: [UInt8]) throws(Finding) {
    let file = try MemoryFile()
    try file.replace(text)
    var warnings = Warnings()
    var values = OptionValues()
    do throws(UsageError) {
      try values.addFile(file.path, warnings: &warnings)
    } catch {
      try expectLine(error.message)
      return
    }
    var lines = ""
    for option in Option.allCases {
      guard let value = values[option] else { continue }
      try require(!option.isForCommandLineOnly, "an option of the command line in a file")
      try require(!value.text.octets.contains(0x0a), "a value of two lines")
      lines += "\(option.syntax.longName)=\(value.text)\n"
    }
    try file.replace(lines.octets)
    var again = OptionValues()
    do throws(UsageError) {
      try again.addFile(file.path, warnings: &warnings)
    } catch {
      throw Finding("options that were written again: \(error.message)")
    }
    for option in Option.allCases {
      try require(
        again[option]?.text.octets == values[option]?.text.octets,
        "options that were written again are others")
    }
  }

  private static func expectMappings(_ text: [UInt8], _ role: TunnelRole) throws(Finding) {
    let given = value(text)
    let mappings: [Mapping]
    var places = ListeningPlaces(bindHost: "localhost")
    do throws(UsageError) {
      mappings = try Mapping.parse(given, role: role, &places)
    } catch {
      return
    }
    try require(!mappings.isEmpty, "no mapping, and no error")
    var written: [String] = []
    for mapping in mappings {
      let service = mapping.serviceID.map { "\($0)=" } ?? ""
      try require(
        mapping.serviceID == nil || (1...128).contains(mapping.serviceID?.utf8.count ?? 0)
          || mapping.serviceID?.unicodeScalars.contains("\u{fffd}") == true,
        "a service id of the wrong length")
      // A source without a host has its port alone.
      switch mapping.address {
      case .standardStreams: written.append("\(service)-")
      case .network(let endpoint) where endpoint.host.isEmpty:
        written.append("\(service)\(endpoint.port)")
      // Several '=' count as one, so that of a path cannot be written behind another.
      case .unix(let path) where path.utf8.first == 0x3d: return
      case .network, .unix: written.append("\(service)\(mapping.address.description)")
      }
    }
    // What was not UTF-8 was replaced by something longer, or by the same for two.
    if String(decoding: text, as: UTF8.self).octets != text { return }
    let again: [Mapping]
    places = ListeningPlaces(bindHost: "localhost")
    do throws(UsageError) {
      again = try Mapping.parse(
        value(written.joined(separator: ",").octets), role: role, &places)
    } catch {
      throw Finding("mappings that were written again: \(error.message)")
    }
    try require(again == mappings, "mappings that were written again are others")
  }

  private static func value(_ text: [UInt8]) -> OptionValue {
    OptionValue(text: text[...].text, label: "-s", layer: .commandLine, isSecret: false)
  }

  private static func expectEndpoint(_ bytes: [UInt8]) throws(Finding) {
    let text = bytes[...].text
    if let endpoint = try? Endpoint.parse(text, defaultPort: nil), !endpoint.host.isEmpty {
      let again = try? Endpoint.parse(endpoint.description, defaultPort: nil)
      try require(again == endpoint, "an endpoint that was written again is another")
    }
    if let service = try? Endpoint.parseService(text) {
      try require(service.port > 0 && !service.host.isEmpty, "a service without host or port")
      let again = try? Endpoint.parseService(service.description)
      try require(again == service, "a service that was written again is another")
      // It goes into the Host field.
      try require(
        service.withoutInterface.description.utf8.allSatisfy {
          (0x21...0x7e).contains($0) && $0 != 0x25
        }, "a service with odd octets")
    }
    if let host = try? Endpoint.parseHost(text) {
      let again = try? Endpoint.parseHost(host)
      try require(again == host, "a host that was written again is another")
    }
    for setting in Setting.allCases {
      var settings = Settings()
      if !settings.set(setting, text) { continue }
      let written = settings.text(setting)
      try require(settings.set(setting, written), "\(setting.key) refuses what it says")
      try require(settings.text(setting) == written, "\(setting.key) says something else again")
    }
  }

  /// The value of `https_proxy`.
  private static func expectWebProxy(_ text: [UInt8]) throws(Finding) {
    let proxy: WebProxy
    do throws(UsageError) {
      proxy = try WebProxy.parse(text[...].text, variable: "https_proxy")
    } catch {
      try expectLine(error.message)
      return
    }
    try require(proxy.endpoint.port > 0 && !proxy.endpoint.host.isEmpty, "no host or port")
    try require(
      proxy.authorization.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f },
      "a Proxy-Authorization with odd octets")
    let scheme = proxy.usesTLS ? "https" : "http"
    let again = try? WebProxy.parse(
      "\(scheme)://\(proxy.endpoint.description)", variable: "https_proxy")
    try require(again?.endpoint == proxy.endpoint, "written again, it is another")
  }

  /// The value of `no_proxy`: what one list exempts, a longer one does too.
  private static func expectExemptions(_ text: [UInt8]) throws(Finding) {
    let list = text[...].text
    for host in ["service.example", "192.0.2.7", "2001:db8::7"] {
      let endpoint = Endpoint(host: host, port: 443)
      let isExempt = ProxyExemptions.contain(endpoint, in: list)
      try require(
        !isExempt || ProxyExemptions.contain(endpoint, in: "other.example, \(list),x"),
        "a longer list exempts less")
      try require(ProxyExemptions.contain(endpoint, in: "\(list),*"), "'*' does not exempt all")
    }
  }

  private static func expectLine(_ message: String) throws(Finding) {
    try require(!message.isEmpty && !message.octets.contains(0x0a), "an error of two lines")
  }
}

private enum LinesRule {
  typealias Pair = (key: String, value: String)

  static func expect(_ text: [UInt8], hashEndsLine: Bool) throws(Finding) {
    let (pairs, isWhole) = read(text, hashEndsLine)
    for (key, value) in pairs {
      for part in [key, value] {
        try require(part.octets == Array(part.octets[...].trimmed), "white space around a part")
        try require(part.octets.allSatisfy { $0 >= 0x20 || $0 == 0x09 }, "a control character")
      }
      try require(!key.isEmpty && !key.octets.contains(0x3d), "a key without a name")
    }
    let joined = pairs.map { "\t\($0.key) =\($0.value) \r\n" }.joined(separator: "; x\n\n")
    let again = read(joined.octets, hashEndsLine)
    try require(
      again.isWhole && again.pairs.count == pairs.count
        && zip(again.pairs, pairs).allSatisfy {
          $0.key.octets == $1.key.octets && $0.value.octets == $1.value.octets
        }, "lines that were written again are others")
    // A file may end without the end of its last line, or with many.
    let longer = read(text + [0x0a, 0x0d, 0x0a, 0x20], hashEndsLine)
    try require(
      longer.isWhole == isWhole && longer.pairs.count == pairs.count, "blank lines say something")
  }

  private static func read(
    _ text: [UInt8], _ hashEndsLine: Bool
  ) -> (pairs: [Pair], isWhole: Bool) {
    var lines = KeyValueLines(name: "file", hashEndsLine: hashEndsLine)
    var pairs: [Pair] = []
    var mistakes = Mistakes()
    while let line = lines.next(in: text.span, &mistakes) { pairs.append((line.key, line.value)) }
    do throws(UsageError) {
      try mistakes.end()
      return (pairs, true)
    } catch {
      return (pairs, false)
    }
  }
}
