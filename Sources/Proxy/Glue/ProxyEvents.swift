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

  /// `{reason}; there is another token since, which is tried now`
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

  /// `[service {service}|the tunnel]: the connection from {client} was reset by the peer before anything came back: the destination could not connect to its server, or that has ended the connection; the destination's log says which`
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
    205, 89, 91, 111, 27, 55, 22, 126, 247, 175, 32, 144, 7, 59, 129, 148, 34, 117, 186, 15, 18, 250, 16, 228,
    182, 198, 6, 105, 97, 187, 91, 20, 134, 49, 160, 103, 40, 105, 224, 17, 57, 32, 57, 86, 4, 197, 255, 189,
    223, 57, 36, 103, 56, 178, 98, 183, 65, 23, 88, 192, 176, 102, 120, 57, 247, 243, 157, 67, 206, 169, 104, 106,
    173, 92, 209, 24, 231, 197, 142, 159, 159, 221, 139, 198, 44, 195, 184, 216, 40, 171, 4, 77, 206, 196, 102, 37,
    189, 176, 74, 86, 78, 248, 149, 226, 53, 85, 93, 9, 109, 188, 240, 242, 86, 209, 224, 250, 232, 117, 162, 167,
    22, 190, 48, 93, 70, 115, 109, 136, 18, 19, 53, 11, 12, 199, 5, 133, 186, 83, 218, 223, 71, 70, 24, 20,
    24, 60, 122, 37, 106, 237, 149, 213, 178, 41, 148, 181, 198, 138, 157, 105, 149, 149, 190, 54, 250, 94, 44, 100,
    221, 168, 106, 38, 118, 16, 198, 97, 224, 232, 39, 97, 77, 167, 171, 194, 219, 186, 21, 191, 26, 189, 132, 152,
    109, 179, 21, 141, 244, 74, 151, 91, 172, 244, 245, 90, 21, 107, 22, 195, 129, 120, 231, 228, 82, 37, 202, 137,
    202, 43, 225, 188, 180, 190, 8, 228, 243, 241, 86, 58, 167, 170, 194, 153, 242, 86, 249, 194, 170, 69, 135, 215,
    96, 143, 141, 116, 113, 90, 156, 124, 58, 187, 184, 124, 255, 185, 248, 240, 238, 226, 185, 168, 29, 27, 70, 130,
    38, 232, 172, 69, 216, 11, 27, 97, 79, 83, 59, 200, 229, 102, 162, 246, 78, 116, 186, 14, 246, 115, 226, 19,
    143, 95, 240, 134, 159, 39, 66, 234, 74, 188, 41, 75, 213, 250, 159, 181, 57, 58, 21, 165, 209, 139, 122, 217,
    5, 43, 20, 27, 105, 117, 13, 77, 119, 241, 225, 158, 86, 40, 235, 235, 69, 93, 66, 237, 2, 220, 139, 59,
    101, 241, 10, 209, 46, 222, 191, 253, 237, 252, 236, 242, 15, 241, 251, 155, 243, 207, 103, 159, 63, 206, 216, 131,
    78, 217, 187, 186, 84, 199, 46, 223, 72, 146, 127, 254, 229, 82, 244, 123, 79, 166, 83, 109, 166, 206, 53, 211,
    21, 194, 96, 202, 227, 219, 231, 51, 136, 183, 189, 49, 213, 86, 24, 205, 196, 54, 114, 43, 74, 169, 57, 64,
    88, 244, 114, 37, 245, 82, 9, 184, 215, 110, 253, 10, 18, 206, 133, 166, 23, 24, 159, 98, 5, 108, 106, 45,
    90, 107, 170, 174, 36, 133, 32, 190, 183, 157, 243, 7, 21, 211, 166, 40, 101, 145, 73, 73, 214, 21, 111, 223,
    136, 209, 144, 68, 4, 121, 35, 110, 148, 88, 80, 56, 204, 193, 0, 30, 109, 26, 150, 175, 149, 229, 45, 156,
    14, 25, 167, 249, 166, 137, 64, 8, 104, 185, 14, 225, 43, 54, 181, 95, 137, 233, 180, 148, 173, 244, 171, 137,
    184, 184, 248, 84, 188, 125, 127, 126, 89, 124, 56, 251, 244, 158, 86, 246, 3, 239, 206, 206, 17, 118, 251, 66,
    237, 73, 132, 192, 115, 166, 179, 165, 186, 71, 94, 112, 112, 145, 98, 23, 233, 1, 202, 127, 217, 146, 21, 118,
    107, 83, 41, 202, 144, 74, 133, 40, 212, 149, 180, 136, 55, 142, 4, 151, 2, 50, 141, 99, 71, 139, 196, 34,
    27, 35, 85, 232, 17, 118, 167, 96, 131, 226, 20, 152, 89, 98, 48, 87, 223, 185, 130, 92, 13, 18, 151, 228,
    117, 30, 33, 55, 199, 65, 56, 112, 39, 171, 202, 42, 231, 98, 18, 208, 142, 200, 52, 146, 230, 165, 33, 104,
    194, 118, 218, 212, 54, 18, 170, 13, 236, 230, 240, 185, 49, 240, 174, 196, 150, 21, 60, 205, 11, 146, 77, 195,
    70, 56, 211, 117, 45, 5, 158, 51, 150, 131, 212, 155, 166, 202, 195, 81, 172, 165, 134, 163, 44, 167, 22, 131,
    11, 45, 56, 65, 76, 158, 125, 248, 163, 184, 248, 229, 237, 127, 222, 95, 62, 31, 233, 88, 213, 178, 33, 123,
    190, 241, 94, 173, 91, 54, 45, 194, 64, 129, 225, 13, 82, 109, 5, 104, 185, 73, 249, 135, 28, 210, 138, 227,
    45, 136, 165, 116, 213, 26, 64, 141, 216, 56, 55, 251, 225, 135, 93, 122, 39, 178, 216, 86, 176, 139, 10, 78,
    247, 155, 45, 199, 56, 97, 87, 63, 67, 208, 211, 24, 115, 11, 150, 69, 215, 166, 71, 129, 199, 29, 37, 11,
    35, 147, 146, 229, 10, 219, 223, 6, 206, 228, 199, 14, 73, 237, 220, 162, 107, 0, 81, 44, 69, 8, 4, 182,
    177, 157, 101, 206, 248, 73, 248, 198, 21, 64, 62, 77, 57, 156, 111, 43, 205, 186, 109, 20, 81, 67, 68, 10,
    100, 90, 229, 86, 132, 193, 15, 200, 29, 253, 11, 18, 184, 214, 104, 167, 10, 164, 51, 44, 249, 251, 96, 141,
    174, 93, 90, 89, 169, 126, 5, 120, 243, 26, 242, 233, 157, 108, 186, 16, 183, 96, 74, 128, 83, 143, 182, 198,
    81, 113, 246, 110, 38, 174, 118, 241, 237, 254, 171, 54, 90, 93, 67, 110, 215, 221, 64, 10, 111, 74, 211, 32,
    246, 154, 160, 120, 190, 125, 152, 23, 105, 158, 9, 13, 227, 137, 216, 235, 228, 180, 125, 27, 244, 14, 38, 44,
    86, 55, 223, 240, 240, 216, 182, 7, 220, 76, 166, 180, 81, 71, 185, 180, 106, 44, 104, 54, 75, 242, 101, 175,
    247, 95, 243, 160, 173, 84, 73, 181, 13, 201, 233, 39, 98, 105, 40, 10, 162, 4, 200, 209, 235, 163, 31, 83,
    144, 130, 133, 164, 140, 239, 83, 198, 219, 45, 45, 14, 195, 87, 52, 85, 169, 70, 110, 83, 177, 250, 138, 122,
    97, 116, 9, 59, 188, 74, 188, 250, 2, 52, 16, 65, 200, 208, 12, 165, 175, 85, 168, 130, 40, 192, 180, 130,
    98, 114, 88, 4, 196, 164, 201, 45, 165, 126, 40, 180, 86, 0, 29, 205, 70, 85, 4, 190, 230, 86, 105, 144,
    214, 106, 51, 34, 77, 137, 204, 69, 33, 37, 53, 47, 20, 174, 134, 80, 19, 212, 192, 186, 92, 209, 44, 49,
    165, 94, 96, 3, 85, 3, 169, 5, 240, 227, 64, 45, 141, 74, 184, 98, 93, 187, 181, 244, 216, 221, 79, 158,
    138, 160, 198, 160, 206, 235, 94, 103, 96, 230, 82, 133, 246, 3, 245, 252, 42, 153, 125, 23, 31, 130, 51, 124,
    7, 223, 55, 215, 176, 63, 176, 24, 16, 176, 11, 110, 191, 231, 174, 132, 106, 43, 89, 250, 83, 255, 180, 32,
    232, 87, 155, 60, 100, 240, 119, 213, 26, 139, 182, 133, 254, 195, 3, 72, 247, 235, 144, 203, 87, 188, 254, 1,
    227, 235, 43, 113, 194, 80, 12, 92, 96, 3, 21, 188, 250, 57, 249, 188, 103, 26, 189, 30, 193, 52, 12, 127,
    15, 175, 1, 246, 174, 6, 167, 95, 239, 5, 209, 131, 24, 130, 213, 7, 73, 198, 184, 254, 79, 136, 146, 133,
    223, 233, 11, 201, 13, 11, 49, 106, 37, 7, 105, 100, 20, 198, 5, 146, 4, 221, 158, 27, 213, 28, 102, 32,
    81, 253, 214, 152, 26, 117, 117, 107, 76, 83, 163, 86, 89, 211, 182, 160, 149, 126, 7, 236, 127, 145, 208, 9,
    148, 184, 189, 26, 50, 50, 31, 225, 53, 136, 175, 149, 108, 22, 69, 137, 118, 86, 21, 102, 177, 8, 125, 203,
    144, 235, 64, 5, 130, 18, 66, 13, 154, 89, 212, 22, 61, 113, 148, 33, 116, 110, 216, 164, 172, 99, 50, 83,
    38, 51, 19, 11, 107, 214, 20, 247, 164, 18, 58, 57, 14, 189, 152, 246, 104, 225, 92, 36, 87, 182, 47, 7,
    222, 2, 148, 142, 9, 12, 148, 61, 38, 0, 98, 121, 172, 42, 85, 125, 183, 7, 62, 188, 58, 205, 188, 68,
    13, 169, 8, 163, 75, 252, 60, 131, 217, 207, 217, 10, 4, 75, 209, 30, 3, 98, 178, 153, 139, 96, 116, 149,
    218, 72, 60, 64, 144, 191, 24, 238, 65, 177, 93, 160, 68, 158, 141, 52, 19, 248, 164, 95, 25, 153, 141, 215,
    63, 29, 53, 57, 69, 238, 19, 170, 167, 178, 122, 37, 41, 110, 84, 46, 191, 164, 14, 155, 122, 123, 113, 210,
    151, 147, 29, 50, 158, 241, 153, 122, 212, 144, 223, 65, 192, 200, 199, 29, 80, 106, 35, 169, 21, 255, 231, 249,
    211, 246, 67, 230, 17, 129, 33, 217, 136, 126, 17, 120, 36, 75, 79, 247, 144, 145, 51, 167, 45, 158, 144, 116,
    148, 67, 161, 137, 44, 194, 209, 198, 145, 36, 23, 96, 71, 104, 145, 78, 38, 52, 51, 129, 175, 60, 119, 78,
    100, 176, 56, 115, 246, 14, 32, 74, 61, 44, 191, 62, 187, 159, 244, 14, 173, 67, 177, 78, 188, 83, 213, 207,
    52, 56, 192, 47, 83, 129, 103, 71, 33, 114, 136, 226, 36, 223, 66, 11, 118, 195, 251, 179, 160, 27, 49, 233,
    51, 231, 60, 61, 60, 78, 52, 106, 199, 4, 7, 213, 30, 99, 53, 235, 103, 67, 107, 153, 234, 202, 110, 234,
    26, 131, 180, 137, 117, 10, 216, 63, 180, 42, 67, 191, 151, 109, 96, 149, 31, 119, 94, 79, 243, 244, 69, 164,
    25, 42, 58, 144, 212, 116, 77, 56, 110, 71, 46, 76, 249, 112, 35, 241, 176, 6, 252, 152, 200, 197, 2, 240,
    84, 8, 61, 197, 141, 14, 112, 185, 205, 92, 0, 220, 65, 124, 58, 180, 73, 237, 112, 174, 127, 146, 23, 117,
    22, 28, 33, 116, 14, 187, 193, 65, 141, 81, 147, 116, 200, 207, 237, 56, 207, 5, 200, 174, 208, 249, 213, 90,
    38, 190, 18, 3, 76, 61, 36, 23, 80, 87, 124, 68, 27, 167, 209, 219, 58, 199, 13, 28, 252, 174, 67, 187,
    19, 219, 193, 87, 47, 191, 76, 98, 16, 178, 34, 225, 148, 22, 176, 250, 120, 186, 21, 255, 125, 117, 60, 23,
    170, 113, 170, 175, 40, 208, 98, 141, 238, 31, 71, 172, 202, 108, 52, 159, 26, 41, 135, 251, 20, 14, 188, 169,
    32, 133, 124, 11, 213, 231, 41, 197, 249, 96, 170, 64, 59, 43, 86, 188, 255, 42, 204, 237, 104, 242, 158, 145,
    135, 59, 182, 97, 51, 75, 192, 151, 54, 196, 157, 14, 38, 112, 79, 141, 78, 243, 116, 36, 65, 209, 233, 33,
    36, 191, 91, 26, 168, 189, 160, 219, 27, 28, 249, 247, 28, 53, 59, 228, 144, 44, 104, 66, 248, 15, 92, 30,
    138, 23, 66, 228, 255, 67, 58, 54, 234, 193, 192, 39, 35, 135, 48, 232, 123, 94, 140, 208, 21, 24, 118, 3,
    207, 228, 214, 13, 170, 117, 250, 22, 13, 129, 254, 75, 26, 229, 194, 85, 70, 5, 241, 104, 123, 174, 32, 52,
    227, 235, 51, 110, 40, 228, 194, 43, 138, 100, 171, 56, 128, 231, 33, 252, 250, 76, 12, 215, 32, 108, 163, 112,
    133, 68, 116, 180, 250, 146, 122, 47, 88, 107, 89, 211, 42, 70, 122, 100, 70, 94, 136, 191, 195, 37, 25, 6,
    236, 151, 184, 8, 9, 116, 114, 238, 157, 247, 55, 124, 245, 164, 35, 224, 44, 238, 202, 40, 61, 66, 239, 54,
    22, 104, 190, 79, 242, 56, 184, 140, 188, 21, 188, 8, 221, 185, 39, 40, 232, 2, 78, 231, 186, 236, 2, 140,
    61, 93, 108, 83, 60, 140, 43, 122, 18, 113, 137, 122, 228, 120, 36, 220, 133, 64, 131, 129, 28, 121, 165, 56,
    68, 19, 98, 209, 65, 7, 96, 205, 247, 87, 140, 253, 127, 95, 50, 182, 75, 80, 44, 1, 44, 137, 55, 194,
    84, 18, 190, 81, 130, 15, 46, 142, 17, 142, 244, 160, 152, 234, 17, 125, 16, 198, 27, 83, 128, 249, 38, 107,
    221, 49, 116, 251, 8, 245, 16, 171, 201, 249, 199, 236, 38, 28, 23, 110, 182, 158, 175, 132, 249, 151, 227, 149,
    144, 44, 132, 107, 206, 249, 245, 139, 188, 97, 39, 12, 30, 56, 15, 78, 15, 246, 230, 30, 35, 145, 160, 211,
    42, 87, 158, 116, 65, 141, 42, 160, 40, 94, 150, 134, 251, 116, 205, 77, 219, 88, 205, 81, 251, 194, 44, 15,
    153, 125, 38, 226, 20, 130, 122, 192, 125, 17, 59, 25, 101, 199, 100, 210, 97, 235, 0, 153, 236, 12, 51, 52,
    23, 5, 197, 139, 166, 99, 251, 71, 121, 167, 232, 30, 105, 212, 120, 100, 119, 67, 226, 228, 113, 231, 63, 207,
    122, 147, 170, 118, 3, 224, 189, 203, 95, 40, 99, 191, 147, 104, 134, 56, 232, 122, 58, 77, 228, 118, 174, 94,
    106, 217, 220, 143, 218, 39, 114, 244, 62, 60, 209, 149, 22, 104, 88, 213, 24, 73, 46, 188, 56, 251, 248, 239,
    223, 126, 157, 197, 203, 99, 234, 96, 230, 241, 158, 129, 252, 25, 91, 83, 55, 84, 220, 1, 211, 6, 203, 70,
    36, 143, 114, 227, 244, 29, 168, 247, 189, 116, 226, 145, 162, 149, 250, 23, 190, 162, 222, 191, 48, 197, 25, 147,
    239, 159, 123, 101, 210, 208, 190, 214, 157, 47, 234, 170, 81, 253, 252, 108, 164, 39, 67, 19, 41, 139, 117, 116,
    64, 220, 55, 202, 213, 36, 244, 27, 123, 217, 192, 219, 180, 225, 171, 117, 202, 174, 235, 121, 47, 241, 218, 80,
    115, 91, 235, 112, 85, 157, 138, 66, 248, 50, 144, 75, 245, 63, 23, 40, 118, 103, 149, 133, 163, 10, 202, 36,
    250, 142, 179, 118, 147, 113, 246, 79, 72, 206, 109, 248, 176, 195, 119, 200, 190, 110, 154, 0, 18, 252, 216, 183,
    166, 99, 5, 184, 169, 249, 166, 220, 253, 233, 124, 56, 183, 127, 175, 30, 112, 103, 136, 235, 98, 40, 30, 97,
    128, 99, 35, 164, 57, 164, 101, 164, 249, 210, 214, 168, 136, 243, 60, 122, 66, 71, 102, 80, 182, 233, 19, 17,
    151, 17, 150, 61, 93, 148, 53, 166, 148, 77, 232, 55, 123, 169, 29, 127, 105, 160, 200, 118, 25, 60, 115, 15,
    138, 82, 124, 28, 203, 4, 215, 121, 58, 106, 114, 133, 39, 209, 54, 124, 199, 136, 254, 96, 222, 47, 38, 244,
    131, 141, 27, 148, 183, 96, 104, 254, 8, 87, 199, 147, 38, 221, 58, 7, 88, 231, 128, 233, 172, 134, 144, 241,
    142, 207, 120, 233, 163, 190, 146, 239, 83, 99, 174, 113, 197, 142, 147, 140, 163, 252, 165, 78, 27, 254, 98, 147,
    194, 109, 30, 251, 230, 112, 206, 232, 21, 75, 205, 196, 129, 207, 23, 228, 182, 171, 225, 228, 112, 189, 215, 53,
    48, 174, 127, 251, 219, 6, 185, 130, 63, 8, 2, 194, 215, 24, 127, 112, 165, 120, 218, 207, 200, 134, 204, 146,
    185, 177, 175, 17, 243, 216, 25, 240, 186, 112, 71, 99, 244, 159,
  ]
}
