import Basics

/// How a session comes to its services: the tunnel's list and the user's mappings must go together.
extension TunnelSession {
  /// A WebSocket of the first protocol version has no SERVICE_IDS: the tunnel's one service has no name.
  public mutating func agreeWithoutList() -> Action { agree([]) }

  /// - Parameter bytes: a SERVICE_IDS message.
  mutating func agree(_ bytes: Span<UInt8>) -> Action {
    // A service that says it again, after the peer came back, changes nothing.
    if areServicesAgreed { return .dropped(reason: "a further SERVICE_IDS") }
    do throws(MessageError) {
      return agree(try Message.availableServiceIDs(bytes))
    } catch {
      return .violation(reason: "a SERVICE_IDS message that cannot be read: %".with(error.reason))
    }
  }

  private mutating func agree(_ names: [String]) -> Action {
    if let reason = Self.fault(names) { return .violation(reason: reason) }
    if let reason = mismatch(names) { return .servicesMismatch(reason: reason) }
    serviceNames = names.isEmpty ? [""] : names
    services = serviceNames.map { Service(id: $0.octets) }
    if names.isEmpty {
      mappingOfService = [options.mappings.isEmpty ? nil : 0]
    } else {
      let mapped = mapped
      mappingOfService = names.map { name in mapped.firstIndex { $0?.isSame(as: name) ?? true } }
    }
    areServicesAgreed = true
    return .servicesAgreed
  }

  /// All mappings, made anew each time, in the order that `mappingOfService` counts them.
  private var mapped: [String?] { options.mappings + options.optionalMappings.map { $0 } }

  /// What is wrong with the names themselves, which is the service's fault.
  private static func fault(_ names: [String]) -> String? {
    if names.count > serviceCountMax { return "more than % services".with(serviceCountMax.decimal) }
    for (index, name) in names.enumerated() {
      if name.isEmpty || name.utf8.count > Message.serviceIDByteCountMax {
        return "a service name of % bytes".with(name.utf8.count.decimal)
      }
      // What is not UTF-8 was replaced as it was read, and could not be sent as it came.
      if name.characters.contains(where: { $0.scalar == 0xfffd }) {
        return "a service name that is not UTF-8"
      }
      if names[..<index].hasSame(name) { return "the service name '%' twice".with(name) }
    }
    return nil
  }

  /// Why the mappings do not fit the tunnel's services, in words for the user.
  private func mismatch(_ names: [String]) -> String? {
    let list = names.listed
    let mappings = options.mappings
    if names.isEmpty {
      if mappings.count > 1 {
        return
          "the tunnel was opened without services, so it takes one mapping, not %".with(
            mappings.count.decimal)
      }
      return mappings.isEmpty && role == .destination
        ? "the tunnel was opened without services, so it needs -d HOST:PORT" : nil
    }
    for mapping in mappings {
      if let mapping, !names.hasSame(mapping) {
        return "the tunnel has no service '%'; it has %".with(mapping, list)
      }
      if mapping == nil && names.count > 1 {
        return
          "the tunnel has several services (%), so each mapping needs its service's name: SERVICE=PORT"
          .with(list)
      }
    }
    if version == .v1 && names.count > 1 {
      return
        "the tunnel has several services (%), which protocol version V1 cannot tell apart".with(
          list)
    }
    if role == .destination {
      let mapped = mapped
      for name in names where !mapped.contains(where: { $0?.isSame(as: name) ?? true }) {
        return "the tunnel's service '%' has no mapping; add -d %=host:port".with(name, name)
          + options.optionalMappingsPlace
      }
    }
    return nil
  }
}
