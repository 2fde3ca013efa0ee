extension TunnelSession {
  /// What a message from the peer asks the glue to do.
  public enum Action {
    /// The services are known; act on `services` now.
    case servicesAgreed
    /// The tunnel's services and the mappings do not go together: the user's fault.
    case servicesMismatch(reason: String)
    /// Connect a new connection to the service's address (a destination).
    case start(slot: Int)
    /// All connections of the service are reset by the peer; then connect a new one.
    case restart(service: Int, slot: Int)
    case deliver(slot: Int)
    /// The peer knows the marks; from now on, directions of the service's connections end on their own.
    case agreed(service: Int)
    /// The peer has ended its direction.
    case peerEnded(slot: Int)
    /// - Parameter isCut: nobody has closed it, so that its end must not look like one.
    case peerReset(slot: Int, isCut: Bool)
    case serviceReset(service: Int, isCut: Bool)
    /// Nobody has closed anything.
    /// The service has reset all streams.
    /// - Parameter resets: what the destination must hear of it.
    case sessionReset(_ resets: [MessageHeader])
    /// There is no place for a new connection. Make one and handle the message again, or reply as below.
    case full(service: Int, streamID: Int32, connectionID: UInt32, reason: String)
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
