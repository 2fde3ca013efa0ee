import Basics
import Reactor

/// Settings as text, which is how a file has them.
extension Settings {
  /// What a setting is; a list of the regions' endpoints.
  public func text(_ setting: Setting) -> String {
    var copy = self
    let number = copy.exchange(setting, nil)
    switch setting.kind {
    case .count, .milliseconds, .bytes: return number.decimal
    case .choice(let choices): return choices.part(Int(number))
    case .boolean: return number == 0 ? "false" : "true"
    case .host: return defaultBindAddress
    case .endpointFormat: return endpointFormat
    case .endpoints:
      var list = ""
      for override in regionEndpointOverrides {
        list = "% %=%".with(list, override.region, override.endpoint)
      }
      return list
    }
  }

  /// Replaces a setting; false when the text is no value that it can have.
  mutating func set(_ setting: Setting, _ text: String?) -> Bool {
    guard let text else { return false }
    switch setting.kind {
    case .count(let range), .milliseconds(let range), .bytes(let range):
      guard let number = text.number, range.contains(number) else { return false }
      exchange(setting, number)
    case .choice(let choices):
      guard let place = text.place(in: choices) else { return false }
      exchange(setting, Int64(place))
    case .boolean:
      // The reference writes 0 and 1 as well.
      guard let place = text.place(in: "false|true|0|1") else { return false }
      exchange(setting, Int64(place & 1))
    case .host:
      guard let host = try? Endpoint.parseHost(text) else { return false }
      defaultBindAddress = host
    case .endpointFormat:
      guard Self.endpoint(text, region: "region") != nil else { return false }
      endpointFormat = text
    case .endpoints: return false
    }
    return true
  }

  /// Whether a text can be a region's name: lower-case letters, digits and hyphens.
  static func isRegion(_ text: String) -> Bool {
    (1...regionByteCountMax).contains(text.utf8.count)
      && text.consists { $0.isLowercaseLetter || $0.isDigit || $0 == .hyphen }
  }

  /// Gives a region an endpoint of its own; false when the text is none, or there are too many.
  mutating func setEndpoint(region: String, _ text: String?) -> Bool {
    guard let text, (try? Endpoint.parseService(text)) != nil else { return false }
    let override = RegionEndpoint(region: region, endpoint: text)
    for index in regionEndpointOverrides.indices
    where regionEndpointOverrides[index].region.isSame(as: region) {
      regionEndpointOverrides[index] = override
      return true
    }
    if regionEndpointOverrides.count == Self.regionEndpointCountMax { return false }
    regionEndpointOverrides.append(override)
    return true
  }

  /// Words and then a number, with hyphens between them, as all regions of AWS have it.
  static func hasRegionForm(_ text: String) -> Bool {
    let parts = text.octets.parted(at: .hyphen)
    for (index, part) in parts.enumerated() {
      let isLast = index + 1 == parts.count
      if part.isEmpty { return false }
      for octet in part where !(isLast ? octet.isDigit : octet.isLowercaseLetter) { return false }
    }
    return parts.count > 2
  }

  /// Where the service is in a region.
  func endpoint(region: String) -> Endpoint? {
    for override in regionEndpointOverrides where override.region.isSame(as: region) {
      return try? Endpoint.parseService(override.endpoint)
    }
    // Other names are those of other services' regions.
    if endpointFormat.isSame(as: Self.endpointFormatOfAWS) && !Self.hasRegionForm(region) {
      return nil
    }
    return Self.endpoint(endpointFormat, region: region)
  }

  /// Puts the region in the place of the one `%s`; nil when there is none or another `%`, or no endpoint
  /// comes out.
  private static func endpoint(_ format: String, region: String) -> Endpoint? {
    let parts = format.octets.parted(at: .percent)
    guard parts.count == 2, parts[1].first == UInt8(ascii: "s") else { return nil }
    let end = parts[1][(parts[1].startIndex + 1)...].text
    return try? Endpoint.parseService(parts[0].text + region + end)
  }
}
