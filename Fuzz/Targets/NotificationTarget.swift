import Basics

@testable import AgentCore

extension FuzzTarget {
  /// A line that the agent reads: what is taken of it, and what a localproxy is started with.
  static let notification = FuzzTarget(name: "notification", inputByteCountMax: 1_024) {
    bytes throws(Finding) in
    let notification: Notification
    do throws(NotificationFault) {
      notification = try Notification.parse(bytes)
    } catch {
      try require(!error.reason.isEmpty, "a fault without words")
      return
    }
    try require(bytes.count <= Notification.byteCountMax, "a line that is too long")
    try require(
      (1...Notification.tokenByteCountMax).contains(notification.token.count)
        && notification.token.allSatisfy { $0 > .space && $0 < 0x7f },
      "a token that is not one word")
    try require(
      (1...Notification.regionByteCountMax).contains(notification.region.utf8.count)
        && notification.region.consists { $0.isLowercaseLetter || $0.isDigit || $0 == .hyphen }
        && notification.region.utf8.first != .hyphen, "a region that could be an option or a path")
    let services = notification.services
    try require(services.count <= Notification.serviceCountMax, "too many services")
    for (place, name) in services.enumerated() {
      try require(!services[..<place].hasSame(name), "a service twice")
    }
    try expectAllowed(notification)
  }

  /// Only what is on the list starts something, with the list's addresses.
  private static func expectAllowed(_ notification: Notification) throws(Finding) {
    let allowed = ["SSH": "localhost:22", "VNC": "localhost:5900"]
    var list = AllowedServices()
    for (name, address) in allowed { _ = list.add(.init(name: name, address: address)) }
    var core = AgentCore(policy: .init(), services: list, region: nil)
    core.handle(.notified(notification, TokenTag("tag")), now: Instant(nanoseconds: 0))
    let mayStart =
      !notification.services.isEmpty && notification.services.allSatisfy { allowed[$0] != nil }
    var hasStarted = false
    while let order = core.next() {
      guard case .start(_, let launch) = order else { continue }
      hasStarted = true
      try require(launch.mappings.count == notification.services.count, "other services")
      for mapping in launch.mappings {
        try require(
          mapping.isSame(as: "SSH=localhost:22") || mapping.isSame(as: "VNC=localhost:5900"),
          "a mapping that is not on the list")
      }
    }
    try require(hasStarted == mayStart, "it was \(hasStarted ? "" : "not ")started")
  }
}
