import Basics

/// The versions of the tunnel's protocol (the service's protocol guides V1, V2 and V3).
///
///     version   services            connections per stream   ids in the messages
///     V1        one, without a name one                      stream
///     V2        several             one                      stream, service
///     V3        several             many                     stream, service, connection
public enum ProtocolVersion: Int, Comparable, Sendable {
  case v1 = 1
  case v2, v3

  public static func < (left: ProtocolVersion, right: ProtocolVersion) -> Bool {
    left.rawValue < right.rawValue
  }

  /// "V1" to "V3", as `--destination-client-type` takes them.
  public var name: String { "V" + rawValue.decimal }

  /// The WebSocket's subprotocol.
  public var subprotocol: String { "aws.iot.securetunneling-%.0".with(rawValue.decimal) }
}
