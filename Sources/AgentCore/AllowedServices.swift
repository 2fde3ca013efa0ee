import Basics

/// The services that a tunnel may have, and the server for each. There is no wildcard.
public struct AllowedServices: Sendable {
  public struct Service: Sendable {
    /// Nil for the only service of a tunnel that has no names for them.
    public let name: String?
    /// As localproxy's -d takes it: `localhost:22`.
    public let address: String

    package init(name: String?, address: String) {
      self.name = name
      self.address = address
    }

    /// A mapping for -d.
    public var mapping: String { name.map { "%=%".with($0, address) } ?? address }
  }

  public static let countMax = 64

  public private(set) var all: [Service] = []

  public init() {}

  /// False when there is one of that name already, or no room.
  package mutating func add(_ service: Service) -> Bool {
    if all.count == Self.countMax || find(service.name) != nil { return false }
    all.append(service)
    return true
  }

  private func find(_ name: String?) -> Service? {
    all.first { service in
      guard let own = service.name, let name else { return service.name == nil && name == nil }
      return own.isSame(as: name)
    }
  }

  /// The mappings for all services of a notification; or the first that is not here, nil for the one without a name.
  func mappings(for services: [String]) -> Mappings {
    if services.isEmpty {
      guard let service = find(nil) else { return .unknown(nil) }
      return .known([service.mapping])
    }
    var mappings: [String] = []
    for name in services {
      guard let service = find(name) else { return .unknown(name) }
      mappings.append(service.mapping)
    }
    return .known(mappings)
  }

  enum Mappings {
    case known([String])
    case unknown(String?)
  }
}
