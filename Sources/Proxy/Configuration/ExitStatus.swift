import Basics
import Reactor
import Tunnel

/// How the program ends.
public struct ExitStatus: Equatable, Sendable {
  public let rawValue: Int32

  public static let success = ExitStatus(rawValue: 0)
  public static let internalError = ExitStatus(rawValue: 1)
  public static let usage = ExitStatus(rawValue: 2)
  public static let refused = ExitStatus(rawValue: 3)
  public static let retriesUsedUp = ExitStatus(rawValue: 4)
  public static let cannotListen = ExitStatus(rawValue: 5)
  public static let servicesMismatch = ExitStatus(rawValue: 6)
  public static let replaced = ExitStatus(rawValue: 7)
  public static let connectionCut = ExitStatus(rawValue: 8)

  /// What each means, for the help and the documentation.
  public static var all: [(status: ExitStatus, text: String)] {
    [
      (.success, "a signal, or the end of the tunnel's life or of the connection of -s -"),
      (.internalError, "the program or the system failed; the log or standard error says how"),
      (
        .usage,
        "options, environment or files are wrong: standard error has a line for each mistake"
      ),
      (
        .refused,
        "the service refused the token (HTTP 4xx but 408, 425, 429), or it was rotated"
      ),
      (
        .retriesUsedUp,
        "no further attempt is allowed by connect_retry_count or reconnect_on_data_error"
      ),
      (.cannotListen, "a port or socket that it was to listen on could not be had"),
      (.servicesMismatch, "the mappings do not fit the tunnel's services"),
      (.replaced, "another localproxy with the same tokens has taken this one's place"),
      (.connectionCut, "the connection of -s - was refused, or cut before its end"),
    ]
  }

  /// Prints what a program was asked for on standard output; how it ends then.
  public static func printing(_ text: String, _ program: String) -> ExitStatus {
    do throws(SystemError) {
      try StandardStream.output.writeWhole(text.octets)
      return .success
    } catch {
      StandardStream.error.write(
        "%: standard output takes nothing: %; write to another place\n".with(
          program, error.reason))
      return .internalError
    }
  }

  private init(rawValue: Int32) { self.rawValue = rawValue }

  package init(_ reason: TunnelClient.StopReason) {
    switch reason {
    case .requested, .tunnelEnded, .connectionEnded: self = .success
    case .refused, .tokenRotated: self = .refused
    case .replaced: self = .replaced
    case .retriesUsedUp: self = .retriesUsedUp
    case .servicesMismatch: self = .servicesMismatch
    case .cannotListen: self = .cannotListen
    case .connectionCut: self = .connectionCut
    }
  }
}
