import Basics
import Reactor

@testable import Configuration
@testable import Proxy
@testable import Tunnel

extension FuzzTarget {
  /// A `--settings-json` file.
  static let settings = FuzzTarget(name: "settings", inputByteCountMax: 1_024) {
    bytes throws(Finding) in
    let file = try MemoryFile()
    try file.replace(bytes)
    let first: SettingsFile
    do throws(UsageError) {
      first = try SettingsFile(file.path, warnings: Warnings())
    } catch {
      try require(!error.message.isEmpty, "an error without words")
      return
    }
    let settings = first.settings
    try require(
      settings.regionEndpointOverrides.count <= Settings.regionEndpointCountMax,
      "more regions than allowed")
    try require(first.warnings.texts.count <= Warnings.countMax + 1, "more warnings than allowed")
    for setting in Setting.allCases {
      switch setting.kind {
      case .count(let range), .milliseconds(let range), .bytes(let range):
        let number = settings.text(setting).number ?? .min
        try require(range.contains(number), "\(setting.key) is \(number)")
      case .boolean, .choice, .host, .endpointFormat, .endpoints: break
      }
    }
    // What all of it comes to must be of use, too.
    let limits = LinkLimits(settings)
    try require(
      (1...Message.payloadLengthMax).contains(settings.dataPayloadLengthMax)
        && limits.messageByteCountMax <= Message.byteCountMax && settings.userTimeout.count > 0,
      "limits that nothing fits into")
    try file.replace(written(settings))
    let again: SettingsFile
    do throws(UsageError) {
      again = try SettingsFile(file.path, warnings: Warnings())
    } catch {
      throw Finding("settings that were written again: \(error.message)")
    }
    try require(again.warnings.texts.isEmpty, "settings that were written again warn")
    for setting in Setting.allCases {
      try require(
        again.settings.text(setting) == settings.text(setting),
        "\(setting.key) was written again and is another")
    }
    try require(
      again.settings.regionEndpointOverrides == settings.regionEndpointOverrides,
      "regions that were written again are others")
  }

  private static func written(_ settings: Settings) -> [UInt8] {
    var top: [String] = []
    var groups: [(name: String, members: [String])] = []
    for setting in Setting.allCases where !setting.isObject {
      let parts = setting.key.octets.parted(at: 0x2e).map { $0.text }
      let member = "\(quoted(parts[parts.count - 1])): \(quoted(settings.text(setting)))"
      if parts.count == 1 {
        top.append(member)
      } else if let at = groups.firstIndex(where: { $0.name == parts[0] }) {
        groups[at].members.append(member)
      } else {
        groups.append((parts[0], [member]))
      }
    }
    let regions = settings.regionEndpointOverrides.map {
      "\(quoted($0.region)): \(quoted($0.endpoint))"
    }
    groups.append(("region_endpoint_overrides", regions))
    top += groups.map { "\(quoted($0.name)): {\($0.members.joined(separator: ", "))}" }
    return "{\"tunneling\": {\"proxy\": {\(top.joined(separator: ", "))}}}".octets
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
