// swift-format-ignore-file
// Written by scripts/log-events out of events.txt.
import Reactor
import WebSocket

extension Log {
  /// `{reason}`
  @inline(__always) package func usageError(reason: @autoclosure () -> String) {
    if takes(4) { write(4, reason()) }
  }

  /// `{reason}`
  @inline(__always) package func startFailed(reason: @autoclosure () -> String) {
    if takes(5) { write(5, reason()) }
  }

  /// `what was passed (LISTEN_FDS) is not a stream socket that listens: its unit takes ListenStream=, and Accept=no`
  @inline(__always) package func passedSocketRefused() {
    if takes(6) { write(6) }
  }

  /// `{warning}`
  @inline(__always) func configurationWarning(warning: @autoclosure () -> String) {
    if takes(7) { write(7, warning()) }
  }

  /// `SECURITY WARNING: the service's certificate is NOT verified (--no-ssl-host-verify): anybody on the way can read and change everything; never use this in production`
  @inline(__always) func certificateNotVerified() {
    if takes(8) { write(8) }
  }

  /// `{warning}`
  @inline(__always) func trustWarning(warning: @autoclosure () -> String) {
    if takes(9) { write(9, warning()) }
  }

  /// `no CA certificates are to be found; install the package ca-certificates, or name them with --capath, SSL_CERT_FILE or SSL_CERT_DIR`
  @inline(__always) func noCaCertificates() {
    if takes(10) { write(10) }
  }

  /// `CA certificates: {source}`
  @inline(__always) func caCertificates(source: @autoclosure () -> String) {
    if takes(11) { write(11, source()) }
  }

  /// `Starting proxy in {mode} mode`
  @inline(__always) func starting(mode: @autoclosure () -> String) {
    if takes(12) { write(12, mode()) }
  }

  /// `standard input and output cannot be used: {reason}`
  @inline(__always) func standardStreamsFailed(reason: @autoclosure () -> String) {
    if takes(13) { write(13, reason()) }
  }

  /// `The status is served on {address}`
  @inline(__always) func statusServed(address: @autoclosure () -> String) {
    if takes(14) { write(14, address()) }
  }

  /// `cannot serve the status on {place}: {reason}; choose another place with --status`
  @inline(__always) func statusFailed(place: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(15) { write(15, place(), reason()) }
  }

  /// `the service manager was not told (NOTIFY_SOCKET): {reason}`
  @inline(__always) func supervisorNotTold(reason: @autoclosure () -> String) {
    if takes(16) { write(16, reason()) }
  }

  /// `Attempting to establish web socket connection with endpoint wss://{endpoint}`
  @inline(__always) func dialing(endpoint: @autoclosure () -> String) {
    if takes(17) { write(17, endpoint()) }
  }

  /// `by way of {web_proxy}`
  @inline(__always) func webProxyUsed(webProxy: @autoclosure () -> String) {
    if takes(18) { write(18, webProxy()) }
  }

  /// `looking up {host}`
  @inline(__always) func lookingUp(host: @autoclosure () -> String) {
    if takes(19) { write(19, host()) }
  }

  /// `Connected successfully with proxy server: {address}`
  @inline(__always) func reached(address: @autoclosure () -> String) {
    if takes(20) { write(20, address()) }
  }

  /// `Successfully completed SSL handshake with proxy server`
  @inline(__always) func tlsOpened() {
    if takes(21) { write(21) }
  }

  /// `Web socket upgrade response: {field}: {value}`
  @inline(__always) func responseField(field: @autoclosure () -> String, value: @autoclosure () -> String) {
    if takes(22) { write(22, field(), value()) }
  }

  /// `Web socket session ID: [{session}|none]`
  @inline(__always) func sessionId(session: @autoclosure () -> String) {
    if takes(23) { write(23, session()) }
  }

  /// `Web socket subprotocol selected: [{subprotocol}|none]`
  @inline(__always) func subprotocolSelected(subprotocol: @autoclosure () -> String) {
    if takes(24) { write(24, subprotocol()) }
  }

  /// `Successfully established websocket connection with proxy server: wss://{endpoint}`
  @inline(__always) func connected(endpoint: @autoclosure () -> String) {
    if takes(25) { write(25, endpoint()) }
  }

  /// `Web socket compression: [{compression}|the service declined it, going on without]`
  @inline(__always) func compressionAgreed(compression: @autoclosure () -> String) {
    if takes(26) { write(26, compression()) }
  }

  /// `{reason}; trying again [in {delay_ms#} ms|at once]`
  @inline(__always) func dialingAgain(reason: @autoclosure () -> String, delayMs: @autoclosure () -> String) {
    if takes(27) { write(27, reason(), delayMs()) }
  }

  /// `{reason}; {advice}`
  @inline(__always) func serviceRefused(reason: @autoclosure () -> String, advice: @autoclosure () -> String) {
    if takes(28) { write(28, reason(), advice()) }
  }

  /// `{reason}; no retry is left or allowed`
  @inline(__always) func retriesUsedUp(reason: @autoclosure () -> String) {
    if takes(29) { write(29, reason()) }
  }

  /// `{reason}; the file of the access token has another one, which is tried now`
  @inline(__always) func tokenRenewed(reason: @autoclosure () -> String) {
    if takes(30) { write(30, reason()) }
  }

  /// `{reason}`
  @inline(__always) func tokenFileFailed(reason: @autoclosure () -> String) {
    if takes(31) { write(31, reason()) }
  }

  /// `{reason}`
  @inline(__always) func servicesMismatch(reason: @autoclosure () -> String) {
    if takes(32) { write(32, reason()) }
  }

  /// `{advice}`
  @inline(__always) func advice(advice: @autoclosure () -> String) {
    if takes(33) { write(33, advice()) }
  }

  /// `ready: [service {service}|the tunnel] goes to {server}`
  @inline(__always) func serviceTarget(service: @autoclosure () -> String, server: @autoclosure () -> String) {
    if takes(34) { write(34, service(), server()) }
  }

  /// `Listening for new connection on [port {port#} of ]{host}[ for service {service}][ (and of {other_host})]`
  @inline(__always) func listening(port: @autoclosure () -> String, host: @autoclosure () -> String, service: @autoclosure () -> String, otherHost: @autoclosure () -> String) {
    if takes(35) { write(35, port(), host(), service(), otherHost()) }
  }

  /// `cannot listen on [port {port#} of ]{host}[ for service {service}]: {reason}[; {advice}]; trying again in {delay_ms#} ms`
  @inline(__always) func listeningAgain(port: @autoclosure () -> String, host: @autoclosure () -> String, service: @autoclosure () -> String, reason: @autoclosure () -> String, advice: @autoclosure () -> String, delayMs: @autoclosure () -> String) {
    if takes(36) { write(36, port(), host(), service(), reason(), advice(), delayMs()) }
  }

  /// `cannot listen on [port {port#} of ]{host}[ for service {service}]: {reason}; {advice}`
  @inline(__always) func listeningFailed(port: @autoclosure () -> String, host: @autoclosure () -> String, service: @autoclosure () -> String, reason: @autoclosure () -> String, advice: @autoclosure () -> String) {
    if takes(37) { write(37, port(), host(), service(), reason(), advice()) }
  }

  /// `cannot accept clients on {address} for a moment: {reason}`
  @inline(__always) func acceptingPaused(address: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(38) { write(38, address(), reason()) }
  }

  /// `dropped {reason}`
  @inline(__always) func messageDropped(reason: @autoclosure () -> String) {
    if takes(39) { write(39, reason()) }
  }

  /// `the service reset the session`
  @inline(__always) func sessionReset() {
    if takes(40) { write(40) }
  }

  /// `the web socket ended with the first message that offers half-close: from now on it goes without, as with tcp.half_close at 'linger'`
  @inline(__always) func halfCloseOff() {
    if takes(41) { write(41) }
  }

  /// `Web socket close received. Code: {code#}; Reason: [{reason}|none]`
  @inline(__always) func closeReceived(code: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(42) { write(42, code(), reason()) }
  }

  /// `Accepted tcp connection on [port {port#} of ]{host} from {client}`
  @inline(__always) func clientAccepted(port: @autoclosure () -> String, host: @autoclosure () -> String, client: @autoclosure () -> String) {
    if takes(43) { write(43, port(), host(), client()) }
  }

  /// `refused a client from {client}[ for service {service}]: {reason}`
  @inline(__always) func clientRefused(client: @autoclosure () -> String, service: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(44) { write(44, client(), service(), reason()) }
  }

  /// `[service {service}|the tunnel] has one connection at a time (protocol {version}): a new client replaces {client}`
  @inline(__always) func clientReplaced(service: @autoclosure () -> String, version: @autoclosure () -> String, client: @autoclosure () -> String) {
    if takes(45) { write(45, service(), version(), client()) }
  }

  /// `[service {service}|the tunnel] has one connection at a time (protocol {version}): the client from {client} waits for its end`
  @inline(__always) func clientWaits(service: @autoclosure () -> String, version: @autoclosure () -> String, client: @autoclosure () -> String) {
    if takes(46) { write(46, service(), version(), client()) }
  }

  /// `refused a connection of [service {service}|the tunnel]: {reason}`
  @inline(__always) func connectionRefused(service: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(47) { write(47, service(), reason()) }
  }

  /// `Sending stream start, setting new stream ID to: {stream#}, service id: [{service}|none]`
  @inline(__always) func streamStartSent(stream: @autoclosure () -> String, service: @autoclosure () -> String) {
    if takes(48) { write(48, stream(), service()) }
  }

  /// `Sending connection start for service id: [{service}|none], connection id: {connection#}`
  @inline(__always) func connectionStartSent(service: @autoclosure () -> String, connection: @autoclosure () -> String) {
    if takes(49) { write(49, service(), connection()) }
  }

  /// `Received service id: [{service}|none], stream id: {stream#}, connection id: {connection#}: connecting to {server}{-slot#}`
  @inline(__always) func startReceived(service: @autoclosure () -> String, stream: @autoclosure () -> String, connection: @autoclosure () -> String, server: @autoclosure () -> String, slot: @autoclosure () -> String) {
    if takes(50) { write(50, service(), stream(), connection(), server(), slot()) }
  }

  /// `Connected to {server} for [service {service}|the tunnel]{-slot#}`
  @inline(__always) func serverConnected(server: @autoclosure () -> String, service: @autoclosure () -> String, slot: @autoclosure () -> String) {
    if takes(51) { write(51, server(), service(), slot()) }
  }

  /// `could not connect to {reason}; trying again in {delay_ms#} ms`
  @inline(__always) func serverRetried(reason: @autoclosure () -> String, delayMs: @autoclosure () -> String) {
    if takes(52) { write(52, reason(), delayMs()) }
  }

  /// `[service {service}|the tunnel]: could not connect to {reason}; this connection is reset{-slot#}`
  @inline(__always) func serverFailed(service: @autoclosure () -> String, reason: @autoclosure () -> String, slot: @autoclosure () -> String) {
    if takes(53) { write(53, service(), reason(), slot()) }
  }

  /// `[service {service}|the tunnel]: nothing came back within {time_ms#} ms; if the destination is a device client, a Greengrass component or a proxy 1.x, start this source with '-y V1'; else the server may be down, or wait for its client`
  @inline(__always) func noAnswer(service: @autoclosure () -> String, timeMs: @autoclosure () -> String) {
    if takes(54) { write(54, service(), timeMs()) }
  }

  /// `[service {service}|the tunnel]: the peer reset the stream[: the {peer} has left the tunnel, or lost its way to it]`
  @inline(__always) func streamReset(service: @autoclosure () -> String, peer: @autoclosure () -> String) {
    if takes(55) { write(55, service(), peer()) }
  }

  /// `[service {service}|the tunnel]: the peer reset the stream before anything came back: the destination is not connected to the tunnel`
  @inline(__always) func streamResetUnconnected(service: @autoclosure () -> String) {
    if takes(56) { write(56, service()) }
  }

  /// `[service {service}|the tunnel]: the peer reset the stream before anything came back: the destination is not connected to the tunnel, or could not connect to its server, which its log then says`
  @inline(__always) func streamResetUnanswered(service: @autoclosure () -> String) {
    if takes(57) { write(57, service()) }
  }

  /// `[service {service}|the tunnel]: the destination does not know the stream any more, as after a restart; its connections are reset, and the next client begins a new one`
  @inline(__always) func streamUnknown(service: @autoclosure () -> String) {
    if takes(58) { write(58, service()) }
  }

  /// `[service {service}|the tunnel]: the client from {client} was reset before anything came back: the destination could not connect to its server, or that has ended the connection; the destination's log says which`
  @inline(__always) func clientResetUnanswered(service: @autoclosure () -> String, client: @autoclosure () -> String) {
    if takes(59) { write(59, service(), client()) }
  }

  /// `connection {slot#} of [service {service}|the tunnel], which waits for its server, gives its place to [service {next_service}|the tunnel]`
  @inline(__always) func placeTaken(slot: @autoclosure () -> String, service: @autoclosure () -> String, nextService: @autoclosure () -> String) {
    if takes(60) { write(60, slot(), service(), nextService()) }
  }

  /// `connection {slot#} of [service {service}|the tunnel] has taken nothing for {time_ms#} ms while others may wait; it is reset`
  @inline(__always) func readerStalled(slot: @autoclosure () -> String, service: @autoclosure () -> String, timeMs: @autoclosure () -> String) {
    if takes(61) { write(61, slot(), service(), timeMs()) }
  }

  /// `{address} took nothing for {time_ms#} ms after the peer's end; {bytes#} bytes are lost, and it is reset`
  @inline(__always) func readerTooSlow(address: @autoclosure () -> String, timeMs: @autoclosure () -> String, bytes: @autoclosure () -> String) {
    if takes(62) { write(62, address(), timeMs(), bytes()) }
  }

  /// `{address} has ended its sending, and its answer did not come or go on in time; it is reset`
  @inline(__always) func halfCloseOver(address: @autoclosure () -> String) {
    if takes(63) { write(63, address()) }
  }

  /// `connection {slot#}: closed by its client or server`
  @inline(__always) func connectionClosed(slot: @autoclosure () -> String) {
    if takes(64) { write(64, slot()) }
  }

  /// `connection {slot#}: {reason}`
  @inline(__always) func connectionFailed(slot: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(65) { write(65, slot(), reason()) }
  }

  /// `Gave up connecting to: {address} ([service {service}|the tunnel]){-slot#}`
  @inline(__always) func connectingGivenUp(address: @autoclosure () -> String, service: @autoclosure () -> String, slot: @autoclosure () -> String) {
    if takes(66) { write(66, address(), service(), slot()) }
  }

  /// `Disconnected from: {address} ([service {service}|the tunnel]){-slot#}`
  @inline(__always) func disconnected(address: @autoclosure () -> String, service: @autoclosure () -> String, slot: @autoclosure () -> String) {
    if takes(67) { write(67, address(), service(), slot()) }
  }

  /// `{signal}: {connections#} connections are open`
  @inline(__always) func connectionsCounted(signal: @autoclosure () -> String, connections: @autoclosure () -> String) {
    if takes(68) { write(68, signal(), connections()) }
  }

  /// `SIGHUP: read again; token and settings wait for the next connection to the service`
  @inline(__always) func reloaded() {
    if takes(69) { write(69) }
  }

  /// `SIGHUP: nothing is changed: {reason}`
  @inline(__always) func reloadRefused(reason: @autoclosure () -> String) {
    if takes(70) { write(70, reason()) }
  }

  /// `{signal}: stopping`
  @inline(__always) func stopping(signal: @autoclosure () -> String) {
    if takes(71) { write(71, signal()) }
  }

  /// `stopping: connections that are cut now: {connections#}[, with {bytes#} bytes that nobody took]; nothing moved in them any more`
  @inline(__always) func connectionsCutIdle(connections: @autoclosure () -> String, bytes: @autoclosure () -> String) {
    if takes(72) { write(72, connections(), bytes()) }
  }

  /// `stopping: connections that are cut now: {connections#}[, with {bytes#} bytes that nobody took]; within drain_timeout_ms, {time_ms#} ms, they were not still for {still_ms#} ms`
  @inline(__always) func connectionsCut(connections: @autoclosure () -> String, bytes: @autoclosure () -> String, timeMs: @autoclosure () -> String, stillMs: @autoclosure () -> String) {
    if takes(73) { write(73, connections(), bytes(), timeMs(), stillMs()) }
  }

  /// `connections that are cut with the web socket: {connections#}[, with {bytes#} bytes that nobody took]`
  @inline(__always) func connectionsLost(connections: @autoclosure () -> String, bytes: @autoclosure () -> String) {
    if takes(74) { write(74, connections(), bytes()) }
  }

  /// `the tunnel is closed or has expired; nothing is left to do`
  @inline(__always) func tunnelEnded() {
    if takes(75) { write(75) }
  }

  /// `another localproxy with the same tokens has taken this one's place, as one started twice does; this one ends, lest they take it from each other in turn`
  @inline(__always) func placeLost() {
    if takes(76) { write(76) }
  }

  /// `the access token was rotated and is of no use any more; start again with the new one`
  @inline(__always) func tokenRotated() {
    if takes(77) { write(77) }
  }

  /// `[{reason}; ]the connection over standard input and output is cut`
  @inline(__always) func standardStreamsCut(reason: @autoclosure () -> String) {
    if takes(78) { write(78, reason()) }
  }

  /// `{reason}`
  @inline(__always) package func commandFailed(reason: @autoclosure () -> String) {
    if takes(79) { write(79, reason()) }
  }

  /// `the tunnel has ended; the command goes on`
  @inline(__always) package func commandAlone() {
    if takes(80) { write(80) }
  }
}

extension LogEvents {
  /// localproxy's; nil when there is no memory to unpack them.
  package static var ofProxy: LogEvents? { proxyList.map { LogEvents($0) } }

  package static var proxyList: [UInt8]? {
    Inflater.unpack(packedProxyEvents, byteCount: 7419)
  }

  private static let packedProxyEvents: [UInt8] = [
    205, 89, 91, 111, 27, 55, 22, 126, 247, 175, 32, 144, 7, 59, 129, 156, 34, 117, 186, 15, 18, 250, 16, 228,
    182, 198, 6, 105, 97, 187, 91, 20, 134, 49, 160, 103, 40, 105, 224, 17, 57, 32, 57, 86, 4, 69, 255, 189,
    223, 57, 36, 103, 56, 178, 98, 183, 65, 23, 88, 192, 176, 102, 120, 57, 215, 239, 92, 200, 57, 19, 77, 173,
    149, 43, 26, 227, 188, 216, 242, 243, 179, 157, 104, 204, 34, 140, 139, 181, 178, 74, 208, 228, 84, 172, 151, 210,
    11, 171, 100, 229, 132, 95, 42, 94, 83, 213, 149, 208, 198, 11, 47, 239, 20, 13, 174, 142, 94, 39, 122, 106,
    238, 11, 211, 101, 52, 87, 134, 40, 49, 81, 51, 199, 112, 92, 80, 168, 123, 165, 253, 46, 50, 194, 160, 192,
    224, 209, 43, 81, 107, 175, 172, 150, 77, 161, 172, 53, 86, 108, 77, 171, 172, 244, 181, 209, 59, 49, 151, 117,
    163, 170, 169, 216, 66, 24, 135, 129, 163, 159, 132, 53, 157, 174, 10, 111, 235, 86, 252, 106, 244, 2, 98, 182,
    205, 70, 52, 210, 43, 93, 110, 176, 210, 215, 43, 85, 172, 88, 12, 7, 226, 157, 147, 11, 149, 40, 39, 42,
    175, 132, 243, 210, 250, 34, 144, 207, 199, 91, 233, 156, 170, 10, 103, 202, 59, 229, 11, 171, 230, 29, 94, 131,
    61, 214, 210, 197, 105, 113, 242, 233, 252, 242, 234, 253, 231, 226, 195, 187, 203, 231, 162, 118, 108, 24, 9, 154,
    160, 179, 18, 97, 47, 108, 132, 61, 77, 237, 32, 151, 155, 138, 218, 59, 209, 233, 58, 216, 207, 137, 79, 60,
    126, 201, 27, 126, 158, 8, 169, 43, 241, 166, 44, 85, 235, 127, 214, 230, 232, 76, 148, 70, 207, 235, 69, 23,
    172, 80, 172, 165, 213, 53, 52, 221, 198, 135, 29, 173, 80, 214, 215, 243, 186, 132, 218, 5, 184, 23, 247, 202,
    226, 21, 162, 93, 190, 127, 251, 219, 197, 249, 213, 31, 226, 247, 55, 23, 159, 207, 63, 127, 156, 178, 7, 157,
    178, 247, 117, 169, 142, 93, 190, 145, 36, 255, 252, 203, 149, 232, 247, 158, 156, 158, 106, 115, 234, 92, 115, 186,
    4, 12, 78, 121, 124, 243, 124, 10, 241, 54, 183, 166, 218, 8, 163, 153, 216, 90, 110, 68, 41, 53, 3, 132,
    69, 47, 151, 82, 47, 148, 128, 123, 237, 198, 47, 33, 225, 76, 104, 122, 129, 241, 9, 43, 96, 83, 107, 209,
    90, 83, 117, 37, 41, 4, 241, 189, 237, 156, 63, 168, 152, 54, 69, 41, 139, 76, 74, 178, 174, 120, 251, 70,
    140, 134, 36, 16, 228, 141, 184, 85, 98, 78, 112, 152, 129, 1, 60, 218, 52, 44, 95, 43, 203, 59, 56, 29,
    50, 158, 230, 155, 38, 2, 16, 208, 114, 21, 224, 43, 214, 181, 95, 138, 211, 211, 82, 182, 210, 47, 39, 226,
    242, 242, 83, 241, 246, 253, 197, 85, 241, 225, 252, 211, 123, 90, 217, 15, 188, 59, 191, 0, 236, 246, 133, 218,
    147, 8, 192, 115, 166, 179, 165, 218, 33, 46, 24, 92, 164, 216, 101, 122, 128, 242, 95, 54, 100, 133, 237, 202,
    84, 138, 34, 164, 82, 1, 133, 186, 146, 22, 120, 99, 36, 184, 4, 200, 52, 142, 29, 45, 2, 139, 108, 140,
    80, 161, 71, 216, 157, 192, 6, 197, 9, 152, 89, 96, 48, 87, 223, 185, 130, 92, 13, 18, 87, 228, 117, 30,
    33, 55, 199, 65, 56, 112, 43, 171, 202, 42, 231, 98, 16, 208, 142, 200, 52, 146, 230, 165, 1, 52, 97, 59,
    109, 106, 27, 9, 213, 6, 118, 51, 248, 220, 24, 120, 87, 98, 203, 18, 158, 230, 5, 201, 166, 97, 35, 156,
    233, 186, 150, 128, 231, 140, 101, 144, 122, 211, 84, 57, 28, 197, 74, 106, 56, 202, 114, 104, 113, 114, 161, 5,
    39, 192, 228, 249, 135, 63, 138, 203, 95, 222, 254, 231, 253, 213, 243, 145, 142, 85, 45, 27, 178, 231, 27, 239,
    213, 170, 101, 211, 2, 6, 10, 12, 111, 17, 106, 75, 164, 150, 219, 20, 127, 136, 33, 173, 24, 111, 65, 44,
    165, 171, 214, 32, 213, 136, 181, 115, 211, 31, 126, 216, 166, 119, 34, 139, 109, 5, 187, 168, 224, 112, 191, 221,
    48, 198, 41, 119, 245, 51, 148, 122, 26, 99, 238, 192, 178, 232, 218, 244, 40, 240, 184, 165, 96, 225, 204, 164,
    100, 185, 196, 246, 183, 129, 51, 249, 177, 67, 80, 59, 55, 239, 26, 164, 40, 150, 34, 0, 129, 109, 108, 167,
    153, 51, 126, 18, 190, 113, 5, 50, 159, 166, 24, 206, 183, 149, 102, 213, 54, 138, 168, 1, 145, 2, 145, 86,
    185, 37, 229, 224, 7, 228, 142, 254, 5, 9, 92, 107, 180, 83, 5, 194, 25, 150, 252, 125, 176, 70, 215, 46,
    172, 172, 84, 191, 2, 188, 121, 13, 249, 244, 94, 54, 93, 192, 45, 152, 82, 194, 169, 71, 91, 227, 168, 56,
    127, 55, 21, 215, 219, 248, 182, 251, 170, 141, 86, 55, 144, 219, 117, 183, 144, 194, 155, 210, 52, 192, 94, 19,
    20, 207, 183, 15, 243, 34, 205, 51, 161, 97, 60, 17, 123, 157, 156, 182, 111, 131, 222, 193, 148, 139, 213, 237,
    55, 60, 60, 182, 237, 1, 55, 147, 41, 109, 212, 81, 46, 172, 26, 11, 154, 205, 146, 124, 217, 235, 238, 107,
    14, 218, 74, 149, 84, 219, 16, 156, 126, 34, 22, 134, 80, 16, 37, 64, 140, 222, 28, 253, 152, 64, 10, 22,
    146, 34, 190, 15, 25, 111, 55, 180, 56, 12, 95, 211, 84, 165, 26, 185, 73, 197, 234, 43, 234, 133, 209, 37,
    236, 240, 42, 241, 234, 11, 208, 64, 4, 144, 161, 25, 10, 95, 171, 80, 5, 81, 128, 105, 5, 97, 114, 88,
    132, 140, 73, 147, 27, 10, 253, 80, 104, 173, 64, 118, 52, 107, 85, 81, 242, 53, 119, 74, 131, 180, 86, 235,
    17, 105, 82, 114, 142, 84, 64, 192, 167, 103, 201, 30, 8, 203, 1, 60, 215, 7, 59, 156, 53, 65, 77, 172,
    203, 37, 49, 32, 33, 168, 55, 88, 67, 245, 64, 154, 136, 28, 168, 173, 81, 41, 87, 172, 106, 183, 146, 30,
    187, 251, 201, 51, 17, 212, 26, 212, 123, 221, 219, 0, 57, 116, 161, 66, 59, 130, 250, 126, 157, 220, 176, 141,
    15, 193, 57, 190, 3, 22, 154, 27, 248, 67, 145, 196, 97, 86, 217, 29, 119, 41, 84, 107, 201, 242, 159, 250,
    167, 57, 149, 2, 181, 206, 33, 132, 191, 235, 214, 88, 180, 49, 244, 31, 30, 129, 21, 110, 66, 108, 95, 243,
    250, 7, 140, 111, 174, 197, 9, 167, 102, 228, 9, 54, 76, 193, 171, 159, 19, 6, 122, 166, 17, 5, 49, 185,
    134, 225, 239, 225, 53, 164, 193, 235, 1, 4, 55, 123, 160, 122, 128, 41, 88, 125, 144, 100, 156, 231, 255, 9,
    81, 50, 56, 158, 189, 144, 220, 192, 16, 163, 86, 50, 104, 35, 163, 48, 46, 16, 52, 232, 254, 220, 168, 6,
    49, 3, 137, 106, 184, 194, 212, 168, 203, 91, 97, 154, 26, 183, 202, 154, 182, 5, 173, 244, 59, 212, 130, 23,
    41, 91, 129, 18, 183, 91, 67, 132, 230, 35, 188, 6, 248, 90, 202, 102, 94, 148, 104, 111, 85, 97, 230, 1,
    223, 89, 177, 64, 150, 160, 212, 66, 89, 36, 68, 129, 69, 143, 28, 101, 8, 157, 28, 54, 41, 235, 152, 204,
    41, 147, 153, 138, 185, 53, 43, 194, 61, 169, 132, 206, 142, 161, 23, 211, 0, 90, 58, 23, 201, 149, 237, 203,
    129, 183, 0, 165, 99, 74, 14, 202, 30, 83, 66, 98, 121, 172, 42, 85, 125, 191, 151, 140, 120, 117, 154, 121,
    137, 154, 82, 81, 206, 46, 241, 243, 12, 102, 191, 96, 43, 80, 154, 138, 246, 24, 50, 40, 155, 185, 8, 70,
    87, 169, 173, 196, 3, 4, 249, 139, 112, 15, 138, 109, 3, 37, 242, 108, 164, 153, 146, 81, 250, 149, 145, 217,
    120, 253, 211, 168, 201, 41, 114, 223, 80, 61, 21, 213, 148, 124, 160, 95, 46, 191, 164, 142, 155, 122, 125, 113,
    210, 151, 151, 45, 34, 158, 243, 53, 245, 172, 33, 190, 131, 128, 145, 143, 59, 160, 212, 90, 82, 107, 254, 207,
    243, 167, 237, 135, 204, 35, 2, 67, 178, 17, 253, 2, 120, 36, 75, 79, 247, 144, 145, 51, 167, 205, 159, 144,
    116, 20, 67, 161, 169, 44, 194, 81, 199, 145, 36, 151, 96, 71, 217, 34, 157, 84, 104, 102, 2, 95, 121, 238,
    164, 200, 96, 113, 230, 252, 29, 146, 40, 245, 180, 252, 250, 108, 55, 233, 29, 90, 135, 226, 157, 120, 167, 46,
    32, 211, 224, 0, 191, 76, 5, 158, 29, 65, 228, 16, 197, 73, 190, 133, 22, 108, 135, 247, 103, 65, 55, 98,
    210, 71, 206, 69, 122, 120, 156, 104, 212, 142, 9, 14, 170, 61, 198, 106, 218, 207, 134, 86, 51, 213, 149, 237,
    169, 107, 12, 194, 38, 214, 41, 228, 254, 161, 117, 25, 250, 191, 108, 3, 171, 252, 184, 243, 122, 154, 103, 47,
    34, 205, 80, 225, 145, 73, 77, 215, 132, 227, 119, 228, 194, 148, 15, 55, 22, 15, 107, 192, 143, 137, 92, 44,
    0, 79, 65, 232, 41, 110, 116, 160, 203, 109, 230, 66, 194, 29, 196, 167, 67, 156, 212, 14, 231, 252, 39, 121,
    81, 71, 193, 8, 161, 115, 217, 45, 14, 110, 156, 53, 73, 135, 252, 28, 143, 243, 93, 72, 217, 21, 58, 193,
    90, 203, 196, 87, 98, 128, 169, 135, 224, 66, 214, 21, 31, 209, 214, 105, 244, 186, 206, 113, 67, 7, 191, 235,
    208, 254, 196, 246, 240, 213, 203, 47, 147, 8, 66, 86, 36, 156, 218, 66, 174, 62, 62, 221, 136, 255, 190, 58,
    158, 9, 213, 56, 213, 87, 20, 104, 177, 194, 105, 0, 71, 174, 202, 172, 53, 159, 34, 41, 134, 251, 16, 14,
    188, 169, 32, 133, 120, 11, 213, 231, 41, 197, 249, 160, 170, 64, 59, 43, 86, 188, 255, 58, 204, 109, 105, 114,
    199, 153, 135, 59, 184, 97, 51, 75, 192, 151, 56, 196, 157, 14, 42, 112, 79, 141, 206, 243, 108, 36, 65, 209,
    233, 1, 146, 223, 45, 13, 212, 158, 211, 109, 142, 212, 155, 61, 71, 77, 15, 57, 36, 3, 77, 128, 255, 192,
    229, 161, 120, 1, 34, 255, 31, 210, 177, 81, 15, 2, 159, 140, 28, 96, 208, 247, 188, 24, 161, 43, 49, 236,
    70, 62, 147, 27, 55, 168, 214, 233, 59, 52, 4, 250, 47, 105, 148, 11, 87, 25, 21, 196, 163, 237, 185, 130,
    208, 140, 175, 211, 184, 161, 144, 115, 175, 8, 201, 86, 49, 128, 103, 1, 126, 125, 36, 134, 107, 17, 182, 81,
    184, 82, 34, 58, 90, 125, 73, 189, 23, 172, 181, 168, 105, 21, 103, 122, 68, 70, 94, 136, 191, 195, 37, 223,
    40, 111, 49, 29, 252, 29, 223, 60, 105, 120, 56, 135, 187, 48, 10, 135, 208, 171, 177, 0, 189, 234, 179, 125,
    146, 199, 193, 69, 228, 157, 224, 53, 232, 202, 61, 64, 65, 23, 112, 58, 207, 95, 219, 144, 182, 158, 46, 174,
    201, 255, 227, 10, 158, 68, 92, 160, 254, 56, 30, 9, 119, 33, 208, 96, 32, 71, 94, 40, 14, 209, 132, 88,
    116, 176, 65, 114, 230, 251, 43, 206, 245, 127, 95, 50, 182, 75, 80, 44, 37, 84, 18, 111, 148, 67, 73, 120,
    58, 219, 209, 65, 197, 113, 70, 35, 61, 8, 67, 125, 6, 31, 132, 241, 198, 20, 96, 190, 206, 90, 117, 12,
    221, 61, 66, 61, 96, 51, 69, 234, 49, 187, 9, 199, 131, 219, 141, 231, 43, 97, 254, 101, 124, 82, 230, 10,
    240, 204, 57, 191, 126, 145, 55, 232, 148, 115, 7, 206, 131, 211, 131, 189, 185, 167, 72, 36, 232, 84, 202, 149,
    38, 93, 80, 35, 235, 43, 194, 203, 194, 112, 95, 174, 185, 73, 27, 171, 57, 106, 87, 152, 229, 33, 179, 79,
    69, 156, 186, 221, 100, 121, 94, 196, 206, 69, 217, 49, 153, 116, 184, 58, 64, 38, 59, 179, 12, 205, 68, 65,
    120, 209, 116, 108, 255, 40, 239, 21, 221, 35, 141, 26, 141, 236, 110, 72, 156, 60, 238, 252, 231, 89, 47, 82,
    213, 110, 72, 112, 239, 242, 23, 138, 210, 239, 36, 154, 101, 24, 116, 57, 157, 38, 114, 91, 87, 47, 180, 108,
    118, 163, 118, 137, 28, 189, 159, 142, 232, 74, 11, 52, 172, 106, 140, 36, 23, 94, 158, 127, 252, 247, 111, 191,
    78, 227, 229, 49, 117, 44, 179, 120, 195, 64, 254, 140, 173, 168, 27, 42, 236, 144, 195, 6, 203, 198, 204, 29,
    229, 198, 105, 59, 80, 239, 123, 231, 196, 35, 161, 149, 250, 21, 190, 162, 222, 191, 48, 197, 153, 146, 239, 159,
    123, 101, 210, 208, 190, 214, 157, 47, 234, 170, 81, 253, 252, 116, 164, 39, 167, 38, 82, 22, 235, 232, 64, 184,
    111, 148, 235, 73, 232, 47, 246, 162, 129, 183, 105, 195, 87, 235, 20, 93, 55, 179, 94, 226, 149, 161, 102, 182,
    214, 225, 170, 58, 21, 129, 240, 101, 32, 151, 234, 127, 46, 80, 236, 198, 42, 11, 71, 21, 20, 73, 244, 29,
    103, 229, 38, 227, 232, 159, 144, 156, 155, 240, 97, 135, 239, 144, 125, 221, 52, 33, 73, 240, 99, 223, 138, 142,
    21, 224, 38, 230, 155, 114, 247, 167, 241, 225, 156, 254, 189, 122, 192, 157, 1, 215, 197, 80, 60, 194, 0, 99,
    35, 132, 57, 164, 229, 76, 243, 165, 173, 81, 1, 103, 57, 122, 66, 7, 102, 80, 166, 233, 19, 17, 151, 17,
    150, 61, 93, 136, 53, 166, 148, 77, 232, 47, 123, 169, 29, 127, 105, 32, 100, 187, 44, 61, 115, 207, 137, 210,
    123, 28, 203, 4, 215, 117, 58, 90, 114, 69, 39, 209, 214, 124, 199, 136, 126, 96, 214, 47, 166, 236, 7, 27,
    55, 40, 111, 193, 208, 252, 17, 174, 142, 165, 151, 110, 157, 67, 90, 103, 192, 116, 86, 67, 200, 120, 199, 103,
    188, 244, 81, 223, 209, 109, 30, 87, 233, 56, 201, 121, 148, 191, 212, 105, 195, 95, 108, 18, 220, 102, 177, 79,
    14, 231, 138, 94, 177, 212, 60, 28, 248, 124, 65, 110, 187, 30, 78, 10, 55, 227, 34, 45, 56, 175, 127, 251,
    219, 6, 185, 130, 63, 8, 34, 133, 175, 48, 254, 224, 10, 241, 172, 159, 145, 13, 153, 37, 115, 99, 95, 35,
    102, 177, 51, 224, 117, 225, 78, 198, 232, 63, 1,
  ]
}
