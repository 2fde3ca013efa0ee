/// What the documentation says of each setting, by its key below `tunneling.proxy`. Not part of the program.
enum SettingTexts {
  static let all: [String: String] = [
    "default_bind_address":
      "Where a source listens without --local-bind-address, for mappings that name no host.",
    "endpoint_format": "The endpoint of a region, which takes the place of %s. A port may follow.",
    "region_endpoint_overrides":
      """
    The endpoints of regions that endpoint_format does not give. It is an object, by the regions' names as --region takes \
    them, with 64 at the most. Regions that a file does not name keep their defaults, which are \
    data.tunneling.iot.REGION.amazonaws.com.cn for cn-north-1 and cn-northwest-1.
    """,
    "drain_timeout_ms":
      "How long open connections may go on after SIGTERM or SIGINT. 1.5 s in which nothing moves end it earlier.",
    "message.data_length_size":
      "Bytes of the length in front of each tunnel message. The protocol knows 2 alone.",
    "message.max_payload_size": "Bytes of data in one tunnel message, at the most.",
    "message.max_size": "Bytes of one tunnel message, at the most, in either direction.",
    "message.data_frame_max_size":
      "Bytes of one tunnel message with its length, at the most, in either direction.",
    "tcp.connection_retry_count":
      """
    How often a destination tries again to reach its server, and a source to listen; -1 for ever. After the last \
    attempt the client's connection is reset, or the source ends with status 5.
    """,
    "tcp.connection_retry_delay_ms":
      "How long it waits before each of these attempts. Less than 10 counts as 10.",
    "tcp.connect_timeout_ms": "How long one address of a server may take to answer.",
    "tcp.max_active_connections":
      "Connections at one time, in all services together. A source's further clients wait while places become free, "
      + "and are refused with a warning when none did for 2 s. A destination refuses at once.",
    "tcp.keepalive_idle_ms":
      "Silence of a client or server after which the system asks whether it is still there; 0 for never. The system "
      + "counts whole seconds, so this is rounded up, and keepalive_interval_ms as well.",
    "tcp.keepalive_interval_ms": "How long the system waits for an answer before it asks again.",
    "tcp.keepalive_probes":
      "How often it asks in vain before the client or server counts as gone. That is after two minutes with the "
      + "defaults.",
    "tcp.read_buffer_size": "Bytes taken from a client or server at once, at the most.",
    "tcp.write_buffer_size":
      "Bytes that may wait for one slow client or server before the tunnel is no longer read.",
    "tcp.total_write_buffer_size":
      "Bytes that may wait for all clients and servers together before the tunnel is no longer read.",
    "tcp.half_close":
      """
    What becomes of a client that ends its sending direction and waits for its answer. linger: the answer is waited \
    for, as long as half_close_linger_ms says, with any program at the other end. negotiated: where the other \
    end is this program and has negotiated, too, each direction ends on its own, and a lost connection is told from \
    a closed one; otherwise as linger.
    """,
    "tcp.half_close_linger_ms":
      "How long a half-closed connection may be silent, when its end cannot be told to the other side.",
    "tcp.half_close_silent_linger_ms":
      "The same where the server has never sent a byte. It may be waiting for the end of its input.",
    "tcp.second_client":
      """
    What becomes of the next client of a service that has one connection at a time. V1 and V2 destinations \
    have one. wait: the next client waits until the first has ended, has half-closed and is silent, or has not moved a byte for 10 s. \
    replace: it ends the first one's connection, as AWS's program does.
    """,
    "tcp.stall_timeout_ms":
      "How long a client or server that does not read may hold up other connections before it is reset.",
    "tcp.lone_stall_timeout_ms": "The same when no other connection is known to wait.",
    "websocket.ping_period_ms":
      "How often the service is pinged. The service counts as lost after three periods without a byte, unless it "
      + "still takes some of what waits for it. Where it takes nothing, but its system answers, tcp.stall_timeout_ms "
      + "counts if that is longer.",
    "websocket.retry_delay_ms":
      "The first wait before another attempt to reach the service. Each further one is up to twice as long, as far as "
      + "retry_delay_max_ms. Of each seven eighths are at random, of the longest two thirds. Less than 10 counts as 10.",
    "websocket.retry_delay_max_ms": "The longest such wait; the first counts if that is longer.",
    "websocket.connect_retry_count":
      "Further attempts after one that failed; then the program gives up. -1 for any number.",
    "websocket.reconnect_on_data_error":
      """
    Whether the tunnel is connected again after an error in the data or the connection. With false the program ends \
    with status 4.
    """,
    "websocket.subprotocol":
      """
    The WebSocket's subprotocol. After -1.0 the service sends no list of services, and none is waited for.
    """,
    "websocket.max_frame_size":
      "Bytes of one WebSocket frame, at the most, in either direction. The service takes no more.",
    "websocket.read_buffer_size":
      "Bytes of the queue for what comes from the service. A message and 16 KiB always have room.",
    "websocket.write_buffer_size":
      "Bytes that may wait for the service before clients and servers are no longer read. A message, a frame and 4 KiB "
      + "always have room.",
    "websocket.handshake_timeout_ms":
      "How long each step on the way to the service may take. The steps are name, connection, web proxy, TLS, WebSocket, "
      + "and list of services.",
    "websocket.compression":
      """
    Whether compression (permessage-deflate, RFC 7692) is offered to the service; AWS's declines it. The program \
    then goes on without; tunneld --compression accepts it. What is encrypted or compressed already is sent as it is.
    """,
    "websocket.compression_window_bits":
      """
    How far back either end may refer in what was sent before, as a power of two. 13 is 8 KiB. More finds more to \
    leave out, and takes more memory.
    """,
    "websocket.compression_memory_level":
      "How much memory the search for what can be left out takes: zlib's memLevel. More finds a little more.",
    "tunnel.bandwidth_limit":
      "Bytes a second into the tunnel, at the most; 0 for no limit. Give what a metered link or the service allows, TLS "
      + "included. 99.5 % of it are used, and 80 % while a queue drains that a halt of the link left behind.",
    "tunnel.pacing":
      """
    Whether bytes wait in this program, where a keystroke overtakes them, rather than on the way. adaptive: the round \
    trips of pings tell how much may be on the way before it queues. off: nothing is held back, but for \
    tunnel.bandwidth_limit.
    """,
  ]
}
