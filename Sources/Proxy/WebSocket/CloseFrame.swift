import Basics

/// What a close frame says (RFC 6455 §5.5.1): nothing, or a status code and perhaps a reason.
public struct CloseFrame: Equatable, Sendable {
  /// Octets that a reason may have: a control frame's payload without the code.
  public static let reasonByteCountMax = FrameHeader.controlPayloadLengthMax - 2

  /// 1005 stands for a frame without a code (§7.1.5); it is never on the wire.
  public let code: CloseCode
  public let reason: String

  public init(_ code: CloseCode, reason: String = "") {
    self.code = code
    self.reason = reason
  }

  /// Reads the payload of a close frame.
  /// - Throws: what is wrong with it, each with the code that the RFC asks for.
  public init(payload: Span<UInt8>) throws(FrameViolation) {
    if payload.isEmpty {
      self.init(.noStatusReceived)
      return
    }
    if payload.count == 1 { throw .closeLength }
    let code = CloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
    if !code.isAllowedOnWire { throw .closeCode }
    var validator = UTF8Validator()
    if !validator.take(payload.extracting(2...)) || !validator.isComplete { throw .closeReason }
    self.init(code, reason: payload.extracting(2...).octets[...].text)
  }

  /// The frame's payload. A reason that is too long is cut, between two characters.
  public var payload: [UInt8] {
    if code == .noStatusReceived { return [] }
    var payload = [
      UInt8(truncatingIfNeeded: code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue),
    ]
    payload += reason.octets.beginning(Self.reasonByteCountMax)
    return payload
  }

  /// What the other end is answered: the same code, without the reason (§5.5.1).
  public var answer: CloseFrame { CloseFrame(code) }
}

/// Why a connection was closed (RFC 6455 §7.4).
public struct CloseCode: RawRepresentable, Equatable, Sendable {
  public let rawValue: UInt16
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let normal = CloseCode(rawValue: 1000)
  public static let goingAway = CloseCode(rawValue: 1001)
  public static let protocolError = CloseCode(rawValue: 1002)
  public static let unsupportedData = CloseCode(rawValue: 1003)
  public static let noStatusReceived = CloseCode(rawValue: 1005)
  public static let invalidPayloadData = CloseCode(rawValue: 1007)
  public static let messageTooBig = CloseCode(rawValue: 1009)
  public static let internalError = CloseCode(rawValue: 1011)

  /// Codes that may stand in a close frame (§7.4.1, §7.4.2, and IANA's registry up to 1014).
  public var isAllowedOnWire: Bool {
    switch rawValue {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}
