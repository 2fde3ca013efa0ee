import Basics
import WebSocket

/// How a WebSocket ends (RFC 6455 §7.1): who has said so, and what is still waited for.
///
///     state    event           next     end
///     open     closeCame       over     closed
///     open     closeRequested  closing  -
///     open     violated        leaving  -
///     open     silenceCame     over     silent
///     open     lost            over     lost
///     closing  closeCame       over     completed
///     closing  violated        leaving  -
///     closing  lost            over     completed
///     closing  timeOver        over     completed
///     leaving  lost            over     violation
///     leaving  timeOver        over     violation
///     leaving  frameTaken      over     violation
///
///     state    ignores
///     open     timeOver frameTaken
///     closing  closeRequested silenceCame frameTaken
///     leaving  closeCame closeRequested violated silenceCame
///     over     closeCame closeRequested violated silenceCame lost timeOver frameTaken
///
/// Nothing behind a violation counts (§7.1.7), and there is one close frame: the first.
public enum ClosingHandshake: Sendable {
  case open
  /// Our close frame went out, or waits for room; the peer's is to come.
  case closing(deadline: Instant)
  /// The peer broke the protocol. What waits in the stream is lost when that is closed, and a close frame behind it, so
  /// the peer is given some time to take it.
  case leaving(reason: String, deadline: Instant)
  indirect case over(End)

  /// How long the peer may take to answer our close frame, or to take it behind what it has not read.
  public static let timeout = Milliseconds(2_000)

  package enum Event: Sendable {
    /// The peer's close frame.
    case closeCame(CloseFrame)
    /// The owner wants it closed, sooner than within the time-out perhaps.
    case closeRequested(within: Milliseconds)
    case violated(reason: String)
    /// The peer's heart has stopped.
    case silenceCame
    /// The stream has ended, or broke.
    case lost
    /// The deadline came.
    case timeOver
    /// The close frame, and all before it, has left this program.
    case frameTaken
  }

  public enum End: Sendable {
    /// The peer closed the WebSocket; the code is 1005 when it gave none.
    case closed(CloseCode, reason: String)
    /// Our own close was answered, or not answered in time.
    case completed
    /// The peer broke the protocol; it was told so.
    case violation(reason: String)
    case silent
    case lost
  }

  package mutating func handle(_ event: Event, now: Instant) {
    switch (self, event) {
    case (.open, .closeCame(let close)): self = .over(.closed(close.code, reason: close.reason))
    case (.open, .closeRequested(let timeout)):
      self = .closing(deadline: now + min(timeout, Self.timeout))
    case (.open, .violated(let reason)):
      self = .leaving(reason: reason, deadline: now + Self.timeout)
    case (.closing(let deadline), .violated(let reason)):
      self = .leaving(reason: reason, deadline: deadline)
    case (.open, .silenceCame): self = .over(.silent)
    case (.open, .lost): self = .over(.lost)
    case (.closing, .closeCame), (.closing, .lost), (.closing, .timeOver): self = .over(.completed)
    case (.leaving(let reason, _), .lost), (.leaving(let reason, _), .timeOver),
      (.leaving(let reason, _), .frameTaken):
      self = .over(.violation(reason: reason))
    case (.open, .timeOver), (.open, .frameTaken), (.closing, .closeRequested),
      (.closing, .silenceCame), (.closing, .frameTaken), (.leaving, .closeCame),
      (.leaving, .closeRequested), (.leaving, .violated), (.leaving, .silenceCame), (.over, _):
      break
    }
  }

  package var isOpen: Bool { if case .open = self { true } else { false } }
  package var isLeaving: Bool { if case .leaving = self { true } else { false } }
  package var isOver: Bool { if case .over = self { true } else { false } }

  package var deadline: Instant? {
    switch self {
    case .closing(let deadline), .leaving(_, let deadline): deadline
    case .open, .over: nil
    }
  }
}
