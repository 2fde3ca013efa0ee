/// How the program ends; documented in the help and the README.
public struct ExitStatus: Equatable, Sendable {
  public let rawValue: Int32

  public static let success = ExitStatus(rawValue: 0)
  public static let internalError = ExitStatus(rawValue: 1)
  public static let usage = ExitStatus(rawValue: 2)
  public static let refused = ExitStatus(rawValue: 3)
  public static let retriesUsedUp = ExitStatus(rawValue: 4)
  public static let cannotListen = ExitStatus(rawValue: 5)
  public static let servicesMismatch = ExitStatus(rawValue: 6)

  private init(rawValue: Int32) { self.rawValue = rawValue }

  init(_ reason: TunnelClient.StopReason) {
    switch reason {
    case .requested, .tunnelEnded: self = .success
    case .refused: self = .refused
    case .retriesUsedUp: self = .retriesUsedUp
    case .servicesMismatch: self = .servicesMismatch
    case .cannotListen: self = .cannotListen
    }
  }
}
