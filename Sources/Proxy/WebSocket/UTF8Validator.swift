/// Tells UTF-8 from other octets as they come in, without holding any of them (RFC 3629 §4).
///
/// A text is at fault from the first octet that no continuation could mend: what encodes a surrogate, a number
/// beyond U+10FFFF or a number in more octets than it needs is refused at its second octet.
///
///     state            on                        next
///     between          00…7F                     between
///     between          C2…F4                     inside, its continuations to come
///     inside           an octet within bounds    inside, or between behind the last one
///     any              any other octet           failed, and for ever after
public struct UTF8Validator: Equatable, Sendable {
  private enum State: Equatable {
    case between
    /// `remaining` continuations are to come, the next of them from `lower` to `upper`.
    case inside(remaining: UInt8, lower: UInt8, upper: UInt8)
    case failed
  }

  private var state = State.between

  public init() {}

  /// No character is begun and unfinished, and nothing was wrong so far.
  public var isComplete: Bool { state == .between }

  /// False when what came so far cannot be the beginning of any UTF-8.
  public mutating func take(_ bytes: Span<UInt8>) -> Bool {
    var index = 0
    let end = bytes.count
    while index < end {
      if state == .between {
        while index < end && bytes[index] < 0x80 { index &+= 1 }
        if index == end { break }
      }
      state = after(bytes[index])
      if state == .failed { return false }
      index &+= 1
    }
    return state != .failed
  }

  private func after(_ octet: UInt8) -> State {
    switch state {
    case .between: Self.start(octet)
    case .inside(let remaining, let lower, let upper):
      if octet < lower || octet > upper {
        .failed
      } else if remaining == 1 {
        .between
      } else {
        .inside(remaining: remaining &- 1, lower: 0x80, upper: 0xbf)
      }
    case .failed: .failed
    }
  }

  private static func start(_ octet: UInt8) -> State {
    switch octet {
    case 0x00...0x7f: .between
    case 0xc2...0xdf: .inside(remaining: 1, lower: 0x80, upper: 0xbf)
    case 0xe0: .inside(remaining: 2, lower: 0xa0, upper: 0xbf)
    // U+D800 to U+DFFF are no characters.
    case 0xed: .inside(remaining: 2, lower: 0x80, upper: 0x9f)
    case 0xe1...0xef: .inside(remaining: 2, lower: 0x80, upper: 0xbf)
    case 0xf0: .inside(remaining: 3, lower: 0x90, upper: 0xbf)
    case 0xf1...0xf3: .inside(remaining: 3, lower: 0x80, upper: 0xbf)
    case 0xf4: .inside(remaining: 3, lower: 0x80, upper: 0x8f)
    default: .failed
    }
  }
}
