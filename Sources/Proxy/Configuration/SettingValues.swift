import Basics

/// Settings as text, which is how a file has them.
extension Settings {
  /// What the setting at `index` of the table is; "" for the regions' endpoints.
  public func text(_ index: Int) -> String {
    let setting = Self.table[index]
    var copy = self
    switch setting.kind {
    case .count, .milliseconds, .bytes: return "\(copy.exchange(index, nil))"
    case .choice:
      let choices = setting.choices.utf8.split(separator: 0x7c)
      let place = Int(copy.exchange(index, nil))
      return choices.indices.contains(place) ? Array(choices[place])[...].text : ""
    case .host: return defaultBindAddress
    case .endpointFormat: return endpointFormat
    case .endpoints: return ""
    }
  }

  /// Replaces the setting at `index` of the table; false when the text is no value that it can have.
  mutating func set(_ index: Int, _ text: String) -> Bool {
    let setting = Self.table[index]
    switch setting.kind {
    case .count, .milliseconds, .bytes:
      guard let number = Int64(text), (setting.minimum...setting.maximum).contains(number) else {
        return false
      }
      exchange(index, number)
    case .choice:
      let choices = setting.choices.utf8.split(separator: 0x7c)
      let place = choices.firstIndex { $0.elementsEqual(text.utf8) }
      // The reference writes 0 and 1 for a boolean as well.
      let number = setting.choices == "false|true" ? ["0", "1"].firstIndex(of: text) : nil
      guard let value = place ?? number else { return false }
      exchange(index, Int64(value))
    case .host:
      guard let host = Endpoint.parseHost(text) else { return false }
      defaultBindAddress = host
    case .endpointFormat:
      guard Self.endpoint(text, region: "region") != nil else { return false }
      endpointFormat = text
    case .endpoints: return false
    }
    return true
  }

  /// Gives a region an endpoint of its own; false when the text is none, or there are too many.
  mutating func setEndpoint(region: String, _ text: String) -> Bool {
    guard (try? Endpoint.parseService(text)) != nil else { return false }
    regionEndpointOverrides.removeAll { $0.region == region }
    if regionEndpointOverrides.count == Self.regionEndpointCountMax { return false }
    regionEndpointOverrides.append(RegionEndpoint(region: region, endpoint: text))
    return true
  }

  /// Where the service is in a region.
  func endpoint(region: String) -> Endpoint? {
    for override in regionEndpointOverrides where override.region == region {
      return try? Endpoint.parseService(override.endpoint)
    }
    return Self.endpoint(endpointFormat, region: region)
  }

  /// Puts the region in the place of the one `%s`; nil when there is none or another `%`, or no endpoint
  /// comes out.
  private static func endpoint(_ format: String, region: String) -> Endpoint? {
    let parts = format.utf8.split(separator: 0x25, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].first == 0x73 else { return nil }
    let text = Array(parts[0]) + Array(region.utf8) + Array(parts[1].dropFirst())
    return try? Endpoint.parseService(text[...].text)
  }
}
