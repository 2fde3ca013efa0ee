import Basics

extension TunnelSession {
  /// What the user decided about a session.
  public struct Options {
    public var role: TunnelRole
    /// Services that the user mapped and the tunnel must have; nil for "the only one".
    public var mappings: [String?]
    /// Services that the tunnel need not have. They count behind `mappings`.
    public var optionalMappings: [String] = []
    /// Where those come from, as the end of a message; "" for nowhere.
    public var optionalMappingsPlace = ""
    /// The newest version that both ends of the WebSocket, and a source's destination, are taken to know.
    public var version = ProtocolVersion.v3
    /// Whether to end directions one by one with a peer that knows how as well.
    public var negotiatesHalfClose = false
    /// Connections that may exist at once, lingering and draining ones included.
    public var connectionCountMax: Int

    public init(role: TunnelRole, mappings: [String?], connectionCountMax: Int) {
      self.role = role
      self.mappings = mappings
      self.connectionCountMax = connectionCountMax
    }
  }

  /// What the peer's messages tell about its version.
  public enum Advice: Equatable, Sendable {
    /// The destination is older than this source takes it for. Without names of services V1 and V2 look alike: nil.
    case olderDestination(ProtocolVersion?)
    /// The destination is newer than `--destination-client-type` says.
    case newerDestination
    /// The source names no service, and the tunnel has several.
    case olderSource
    /// The source is newer than `websocket.subprotocol` lets this destination be.
    case newerSource

    /// For the log: what was seen, and which option would help.
    public var text: String {
      switch self {
      case .olderDestination(nil):
        "the destination speaks V1 or V2 alone, so there is one connection at a time; start this source with "
          + "'--destination-client-type V1' if it is a device client, a Greengrass component or a proxy 1.x, with "
          + "V2 if it is a proxy 2.x"
      case .olderDestination(let version?):
        ("the destination speaks % alone, so a service has one connection at a time; start "
          + "this source with '--destination-client-type %'").with(version.name, version.name)
      case .newerDestination:
        "the destination knows a newer protocol, with many connections at once; leave out "
          + "'--destination-client-type' here"
      case .olderSource:
        "the source names no service (it speaks V1), but the tunnel has several; open a tunnel with one "
          + "service, or start a newer source without '--destination-client-type V1'"
      case .newerSource:
        ("the source knows a newer protocol, with many connections at once; set websocket.subprotocol to "
          + "'%' in --settings-json here, or leave it out").with(ProtocolVersion.v3.subprotocol)
      }
    }
  }
}
