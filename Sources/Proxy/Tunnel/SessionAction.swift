extension TunnelSession {
  /// What a message from the peer asks the glue to do.
  public enum Action: Equatable {
    /// The services are known; act on `services` now.
    case servicesAgreed
    /// The tunnel's services and the mappings do not go together: the user's fault.
    case servicesMismatch(reason: String)
    /// Connect a new connection to the service's address (a destination).
    case start(slot: Int)
    /// All connections of the service are reset by the peer; then connect a new one.
    case restart(service: Int, slot: Int)
    case deliver(slot: Int)
    /// The peer knows how to end one direction.
    case agreed(slot: Int)
    /// The peer has ended its direction.
    case peerEnded(slot: Int)
    case peerReset(slot: Int)
    case serviceReset(service: Int)
    case sessionReset
    /// A source's: the destination does not know the stream, so all of its connections are lost.
    case streamUnknown(service: Int)
    /// Send a reset for something that cannot be served; the connection id is 0 for the whole stream's.
    case reply(service: Int, streamID: Int32, connectionID: UInt32, reason: String)
    /// The same for a new stream: the service's old connections are reset by the peer all the same.
    case refuseRestart(service: Int, streamID: Int32, connectionID: UInt32, reason: String)
    /// Nothing to do, but worth a debug line.
    case dropped(reason: String)
    /// The peer broke the protocol: the WebSocket must be closed.
    case violation(reason: String)
  }
}
