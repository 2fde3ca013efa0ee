import Configuration

extension Setting {
  /// What the documentation says of it. Not part of the program.
  var manualText: String {
    switch self {
    case .defaultBindAddress:
      "Where a source listens without --local-bind-address, for mappings that name no host."
    case .endpointFormat:
      "The endpoint of a region, which takes the place of %s. A port may follow."
    case .regionEndpointOverrides:
      """
      The endpoints of regions that endpoint_format does not give. It is an object, by the regions' names as --region takes \
      them, with 64 at the most. Regions that a file does not name keep their defaults, which are \
      data.tunneling.iot.REGION.amazonaws.com.cn for cn-north-1 and cn-northwest-1.
      """
    case .drainTimeout:
      "How long open connections may go on after SIGTERM or SIGINT. 1.5 s in which nothing moves end it earlier."
    case .messageDataLengthSize:
      "Bytes of the length in front of each tunnel message. The protocol knows 2 alone."
    case .messageMaxPayloadSize: "Bytes of data in one tunnel message, at the most."
    case .messageMaxSize: "Bytes of one tunnel message, at the most, in either direction."
    case .messageDataFrameMaxSize:
      "Bytes of one tunnel message with its length, at the most, in either direction."
    case .tcpConnectionRetryCount:
      """
      How often a destination tries again to reach its server, and a source to listen; -1 for ever. After the last \
      attempt the client's connection is reset, or the source ends with status 5.
      """
    case .tcpConnectionRetryDelay:
      "How long it waits before each of these attempts. Less than 10 counts as 10."
    case .tcpConnectTimeout: "How long one address of a server may take to answer."
    case .tcpMaxActiveConnections:
      "Connections at one time, in all services together. A source's further clients wait while places become free, "
        + "and are refused with a warning when none did for 2 s. A destination refuses at once."
    case .tcpKeepaliveIdle:
      "Silence of a client or server after which the system asks whether it is still there; 0 for never. The system "
        + "counts whole seconds, so this is rounded up, and keepalive_interval_ms as well."
    case .tcpKeepaliveInterval: "How long the system waits for an answer before it asks again."
    case .tcpKeepaliveProbes:
      "How often it asks in vain before the client or server counts as gone. That is after two minutes with the "
        + "defaults."
    case .tcpReadBufferSize: "Bytes taken from a client or server at once, at the most."
    case .tcpWriteBufferSize:
      "Bytes that may wait for one slow client or server before the tunnel is no longer read."
    case .tcpTotalWriteBufferSize:
      "Bytes that may wait for all clients and servers together before the tunnel is no longer read."
    case .tcpHalfClose:
      """
      What becomes of a client that ends its sending direction and waits for its answer. linger: the answer is waited \
      for, as long as half_close_linger_ms says, with any program at the other end. negotiated: where the other \
      end is this program and has negotiated, too, each direction ends on its own, and a lost connection is told from \
      a closed one; otherwise as linger, where V3 shows a client an end of file also when its server was not reached.
      """
    case .tcpHalfCloseLinger:
      "How long a half-closed connection may be silent, when its end cannot be told to the other side."
    case .tcpHalfCloseSilentLinger:
      "The same where the server has never sent a byte. It may be waiting for the end of its input."
    case .tcpSecondClient:
      """
      What becomes of the next client of a service that has one connection at a time. V1 and V2 destinations \
      have one. wait: the next client waits until the first has ended, has half-closed and is silent, or has not moved a byte for 10 s. \
      replace: it ends the first one's connection, as AWS's program does.
      """
    case .tcpStallTimeout:
      "How long a client or server that does not read may hold up other connections before it is reset."
    case .tcpLoneStallTimeout: "The same when no other connection is known to wait."
    case .websocketPingPeriod:
      "How often the service is pinged. The service counts as lost after three periods without a byte, unless it "
        + "still takes some of what waits for it. Where it takes nothing, but its system answers, "
        + "tcp.lone_stall_timeout_ms counts if that is longer: it may wait for a reader at the other end."
    case .websocketRetryDelay:
      "The first wait before another attempt to reach the service. Each further one is up to twice as long, as far as "
        + "retry_delay_max_ms. Of each seven eighths are at random, of the longest two thirds. Less than 10 counts as 10."
    case .websocketRetryDelayMax: "The longest such wait; the first counts if that is longer."
    case .websocketConnectRetryCount:
      "Further attempts after one that failed; then the program gives up. -1 for any number."
    case .websocketReconnectOnDataError:
      """
      Whether the tunnel is connected again after an error in the data or the connection. With false the program ends \
      with status 4.
      """
    case .websocketSubprotocol:
      """
      The WebSocket's subprotocol. After -1.0 the service sends no list of services, and none is waited for.
      """
    case .websocketMaxFrameSize:
      "Bytes of one WebSocket frame, at the most, in either direction. The service takes no more."
    case .websocketReadBufferSize:
      "Bytes taken from the service in one go, and up to 68 KiB more; then clients and servers have their turn."
    case .websocketWriteBufferSize:
      "Bytes that may wait for the service before clients and servers are no longer read. A message, a frame and 4 KiB "
        + "always have room."
    case .websocketHandshakeTimeout:
      "How long each step on the way to the service may take. The steps are name, connection, web proxy, TLS, WebSocket, "
        + "and list of services."
    case .websocketCompression:
      """
      Whether compression (permessage-deflate, RFC 7692) is offered to the service; AWS's declines it. The program \
      then goes on without; tunneld --compression accepts it. What is encrypted or compressed already is sent as it is.
      """
    case .websocketCompressionWindowBits:
      """
      How far back either end may refer in what was sent before, as a power of two. 13 is 8 KiB. More finds more to \
      leave out, and takes more memory.
      """
    case .websocketCompressionMemoryLevel:
      "How much memory the search for what can be left out takes: zlib's memLevel. More finds a little more."
    case .tunnelBandwidthLimit:
      "Bytes a second into the tunnel, at the most; 0 for no limit. Give what a metered link or the service allows, TLS "
        + "included. 99.5 % of it are used, and 80 % while a queue drains that a halt of the link left behind."
    case .tunnelPacing:
      """
      Whether bytes wait in this program, where a keystroke overtakes them, rather than on the way. adaptive: the round \
      trips of pings tell how much may be on the way before it queues. off: nothing is held back, but for \
      tunnel.bandwidth_limit.
      """
    }
  }
}
