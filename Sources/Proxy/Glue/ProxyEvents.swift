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

  /// `the tunnel is closed or has expired; nothing is left to do`
  @inline(__always) func tunnelEnded() {
    if takes(74) { write(74) }
  }

  /// `another localproxy with the same tokens has taken this one's place, as one started twice does; this one ends, lest they take it from each other in turn`
  @inline(__always) func placeLost() {
    if takes(75) { write(75) }
  }

  /// `the access token was rotated and is of no use any more; start again with the new one`
  @inline(__always) func tokenRotated() {
    if takes(76) { write(76) }
  }

  /// `[{reason}; ]the connection over standard input and output is cut`
  @inline(__always) func standardStreamsCut(reason: @autoclosure () -> String) {
    if takes(77) { write(77, reason()) }
  }

  /// `{reason}`
  @inline(__always) package func commandFailed(reason: @autoclosure () -> String) {
    if takes(78) { write(78, reason()) }
  }

  /// `the tunnel has ended; the command goes on`
  @inline(__always) package func commandAlone() {
    if takes(79) { write(79) }
  }
}

extension LogEvents {
  /// localproxy's; nil when there is no memory to unpack them.
  package static var ofProxy: LogEvents? { proxyList.map { LogEvents($0) } }

  package static var proxyList: [UInt8]? {
    Inflater.unpack(packedProxyEvents, byteCount: 7299)
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
    214, 106, 51, 34, 77, 74, 46, 0, 5, 20, 248, 244, 44, 217, 3, 97, 57, 2, 207, 245, 201, 14, 103, 77,
    80, 19, 235, 114, 69, 12, 72, 8, 234, 13, 54, 80, 61, 144, 38, 34, 7, 106, 107, 84, 202, 21, 235, 218,
    173, 165, 199, 238, 126, 242, 84, 4, 181, 6, 245, 94, 247, 54, 0, 134, 46, 85, 104, 71, 80, 223, 175, 146,
    27, 118, 241, 33, 56, 199, 119, 136, 133, 230, 26, 254, 80, 36, 113, 152, 85, 246, 158, 187, 20, 170, 181, 100,
    249, 79, 253, 211, 130, 74, 129, 218, 228, 33, 132, 191, 171, 214, 88, 180, 49, 244, 31, 30, 129, 21, 174, 67,
    110, 95, 241, 250, 7, 140, 175, 175, 196, 9, 67, 51, 112, 130, 13, 83, 240, 234, 231, 20, 3, 61, 211, 24,
    5, 17, 92, 195, 240, 247, 240, 26, 96, 240, 106, 8, 130, 235, 189, 160, 122, 16, 83, 176, 250, 32, 201, 24,
    231, 255, 9, 81, 178, 112, 60, 125, 33, 185, 129, 33, 70, 173, 228, 160, 141, 140, 194, 184, 64, 210, 160, 251,
    115, 163, 26, 196, 12, 36, 170, 225, 26, 83, 163, 46, 111, 141, 105, 106, 220, 42, 107, 218, 22, 180, 210, 239,
    80, 11, 94, 36, 180, 2, 37, 110, 183, 134, 12, 205, 71, 120, 13, 226, 107, 37, 155, 69, 81, 162, 189, 85,
    133, 89, 132, 248, 206, 138, 5, 80, 130, 160, 133, 80, 36, 100, 129, 69, 143, 28, 101, 8, 157, 28, 54, 41,
    235, 152, 204, 148, 201, 204, 196, 194, 154, 53, 197, 61, 169, 132, 206, 142, 67, 47, 194, 0, 90, 58, 23, 201,
    149, 237, 203, 129, 183, 0, 165, 99, 2, 7, 101, 143, 9, 144, 88, 30, 171, 74, 85, 223, 237, 129, 17, 175,
    78, 51, 47, 81, 83, 42, 194, 236, 18, 63, 207, 96, 246, 115, 182, 2, 193, 84, 180, 199, 128, 160, 108, 230,
    34, 24, 93, 165, 182, 18, 15, 16, 228, 47, 134, 123, 80, 108, 23, 40, 145, 103, 35, 205, 4, 70, 233, 87,
    70, 102, 227, 245, 79, 71, 77, 78, 145, 251, 134, 234, 169, 172, 38, 240, 129, 126, 185, 252, 146, 58, 110, 234,
    245, 197, 73, 95, 94, 118, 200, 120, 198, 107, 234, 89, 67, 126, 7, 1, 35, 31, 119, 64, 169, 141, 164, 214,
    252, 159, 231, 79, 219, 15, 153, 71, 4, 134, 100, 35, 250, 69, 224, 145, 44, 61, 221, 67, 70, 206, 156, 182,
    120, 66, 210, 81, 14, 133, 166, 178, 8, 71, 29, 71, 146, 92, 128, 29, 161, 69, 58, 169, 208, 204, 4, 190,
    242, 220, 73, 145, 193, 226, 204, 217, 59, 128, 40, 245, 180, 252, 250, 236, 126, 210, 59, 180, 14, 197, 59, 241,
    78, 93, 64, 166, 193, 1, 126, 153, 10, 60, 59, 10, 145, 67, 20, 39, 249, 22, 90, 176, 27, 222, 159, 5,
    221, 136, 73, 159, 57, 231, 233, 225, 113, 162, 81, 59, 38, 56, 168, 246, 24, 171, 89, 63, 27, 90, 205, 84,
    87, 118, 83, 215, 24, 164, 77, 172, 83, 192, 254, 161, 117, 25, 250, 191, 108, 3, 171, 252, 184, 243, 122, 154,
    167, 47, 34, 205, 80, 225, 129, 164, 166, 107, 194, 241, 59, 114, 97, 202, 135, 27, 139, 135, 53, 224, 199, 68,
    46, 22, 128, 167, 66, 232, 41, 110, 116, 160, 203, 109, 230, 2, 224, 14, 226, 211, 33, 78, 106, 135, 115, 254,
    147, 188, 168, 163, 224, 8, 161, 115, 217, 13, 14, 110, 140, 154, 164, 67, 126, 142, 199, 249, 46, 64, 118, 133,
    78, 176, 214, 50, 241, 149, 24, 96, 234, 33, 185, 128, 186, 226, 35, 218, 58, 141, 94, 215, 57, 110, 232, 224,
    119, 29, 218, 159, 216, 30, 190, 122, 249, 101, 18, 131, 144, 21, 9, 167, 182, 128, 213, 199, 211, 173, 248, 239,
    171, 227, 185, 80, 141, 83, 125, 69, 129, 22, 107, 156, 6, 112, 228, 170, 204, 70, 243, 41, 146, 114, 184, 79,
    225, 192, 155, 10, 82, 200, 183, 80, 125, 158, 82, 156, 15, 170, 10, 180, 179, 98, 197, 251, 175, 194, 220, 142,
    38, 239, 25, 121, 184, 131, 27, 54, 179, 4, 124, 137, 67, 220, 233, 160, 2, 247, 212, 232, 60, 79, 71, 18,
    20, 157, 30, 66, 242, 187, 165, 129, 218, 11, 186, 205, 145, 122, 187, 231, 168, 217, 33, 135, 100, 65, 19, 194,
    127, 224, 242, 80, 188, 16, 34, 255, 31, 210, 177, 81, 15, 6, 62, 25, 57, 132, 65, 223, 243, 98, 132, 174,
    196, 176, 27, 120, 38, 183, 110, 80, 173, 211, 183, 104, 8, 244, 95, 210, 40, 23, 174, 50, 42, 136, 71, 219,
    115, 5, 161, 25, 95, 167, 113, 67, 33, 23, 94, 81, 36, 91, 197, 1, 60, 15, 225, 215, 103, 98, 184, 22,
    97, 27, 133, 43, 37, 162, 163, 213, 151, 212, 123, 193, 90, 203, 154, 86, 49, 210, 35, 51, 242, 66, 252, 29,
    46, 249, 70, 121, 139, 112, 240, 119, 124, 243, 164, 225, 225, 28, 238, 194, 40, 29, 66, 175, 198, 2, 244, 170,
    207, 247, 73, 30, 7, 23, 145, 119, 130, 215, 160, 43, 247, 0, 5, 93, 192, 233, 28, 191, 118, 1, 182, 158,
    46, 174, 201, 255, 227, 10, 158, 68, 92, 162, 254, 56, 30, 9, 119, 33, 208, 96, 32, 71, 94, 40, 14, 209,
    132, 88, 116, 176, 1, 56, 243, 253, 21, 99, 253, 223, 151, 140, 237, 18, 20, 75, 128, 74, 226, 141, 48, 148,
    132, 167, 179, 29, 29, 84, 28, 35, 26, 233, 65, 49, 212, 35, 248, 32, 140, 55, 166, 0, 243, 77, 214, 170,
    99, 232, 246, 17, 234, 33, 54, 83, 166, 30, 179, 155, 112, 60, 184, 217, 122, 190, 18, 230, 95, 142, 79, 66,
    174, 16, 158, 57, 231, 215, 47, 242, 6, 157, 48, 119, 224, 60, 56, 61, 216, 155, 123, 138, 68, 130, 78, 165,
    92, 105, 210, 5, 53, 80, 95, 81, 188, 44, 13, 247, 229, 154, 155, 180, 177, 154, 163, 118, 133, 89, 30, 50,
    251, 76, 196, 169, 155, 109, 134, 243, 34, 118, 46, 202, 142, 201, 164, 195, 213, 1, 50, 217, 153, 101, 104, 38,
    10, 138, 23, 77, 199, 246, 143, 242, 78, 209, 61, 210, 168, 209, 200, 238, 134, 196, 201, 227, 206, 127, 158, 245,
    34, 85, 237, 6, 128, 123, 151, 191, 80, 150, 126, 39, 209, 12, 97, 208, 229, 116, 154, 200, 237, 92, 189, 212,
    178, 185, 31, 181, 75, 228, 232, 125, 56, 162, 43, 45, 208, 176, 170, 49, 146, 92, 120, 113, 246, 241, 223, 191,
    253, 58, 139, 151, 199, 212, 177, 204, 227, 13, 3, 249, 51, 182, 162, 110, 168, 176, 3, 134, 13, 150, 141, 200,
    29, 229, 198, 105, 59, 80, 239, 123, 231, 196, 35, 69, 43, 245, 43, 124, 69, 189, 127, 97, 138, 51, 37, 223,
    63, 247, 202, 164, 161, 125, 173, 59, 95, 212, 85, 163, 250, 249, 217, 72, 79, 134, 38, 82, 22, 235, 232, 64,
    184, 111, 148, 171, 73, 232, 47, 246, 178, 129, 183, 105, 195, 87, 235, 148, 93, 215, 243, 94, 226, 181, 161, 102,
    182, 214, 225, 170, 58, 21, 129, 240, 101, 32, 151, 234, 127, 46, 80, 236, 198, 42, 11, 71, 21, 148, 73, 244,
    29, 103, 237, 38, 227, 236, 159, 144, 156, 219, 240, 97, 135, 239, 144, 125, 221, 52, 1, 36, 248, 177, 111, 69,
    95, 199, 248, 42, 6, 16, 15, 3, 236, 163, 144, 110, 216, 197, 25, 255, 165, 173, 81, 137, 230, 185, 23, 67,
    39, 100, 80, 46, 233, 83, 13, 195, 57, 55, 66, 233, 98, 170, 49, 165, 108, 66, 159, 215, 159, 229, 29, 223,
    248, 83, 132, 185, 12, 38, 185, 247, 67, 9, 60, 142, 112, 205, 245, 149, 142, 120, 92, 89, 73, 180, 13, 223,
    245, 161, 46, 207, 251, 197, 132, 66, 208, 181, 65, 153, 9, 10, 243, 199, 176, 58, 150, 64, 186, 253, 13, 240,
    202, 142, 235, 172, 134, 144, 241, 174, 205, 120, 233, 163, 190, 163, 91, 53, 174, 150, 113, 146, 241, 140, 191, 152,
    105, 195, 95, 78, 146, 219, 231, 177, 95, 13, 253, 125, 175, 88, 42, 226, 7, 62, 35, 144, 219, 175, 134, 142,
    253, 122, 92, 44, 5, 227, 235, 183, 191, 49, 144, 43, 248, 195, 28, 160, 116, 141, 241, 7, 87, 121, 167, 253,
    140, 108, 200, 44, 153, 27, 123, 172, 158, 199, 10, 205, 235, 194, 221, 136, 209, 127, 2,
  ]
}
