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

  /// `what was passed (LISTEN_FDS) is not a stream socket that listens`
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
    Inflater.unpack(packedProxyEvents, byteCount: 7254)
  }

  private static let packedProxyEvents: [UInt8] = [
    205, 89, 109, 111, 219, 182, 22, 254, 158, 95, 65, 160, 31, 146, 22, 118, 135, 46, 221, 253, 96, 127, 42, 218,
    174, 55, 184, 69, 55, 36, 217, 29, 134, 32, 16, 24, 137, 182, 133, 200, 164, 64, 82, 113, 13, 215, 255, 125,
    207, 57, 36, 37, 202, 113, 155, 173, 216, 5, 46, 16, 196, 18, 95, 206, 251, 121, 206, 33, 117, 46, 154, 90,
    43, 87, 52, 198, 121, 177, 227, 231, 103, 123, 209, 152, 101, 24, 23, 27, 101, 149, 160, 201, 153, 216, 172, 164,
    23, 86, 201, 202, 9, 191, 82, 188, 166, 170, 43, 161, 141, 23, 94, 222, 43, 26, 92, 159, 188, 78, 244, 212,
    194, 23, 166, 203, 104, 174, 13, 81, 98, 162, 102, 129, 225, 184, 160, 80, 15, 74, 251, 125, 100, 132, 65, 129,
    193, 147, 87, 162, 214, 94, 89, 45, 155, 66, 89, 107, 172, 216, 153, 86, 89, 233, 107, 163, 247, 98, 33, 235,
    70, 85, 51, 177, 131, 48, 14, 3, 39, 63, 9, 107, 58, 93, 21, 222, 214, 173, 248, 213, 232, 37, 196, 108,
    155, 173, 104, 164, 87, 186, 220, 98, 165, 175, 215, 170, 88, 179, 24, 14, 196, 59, 39, 151, 42, 81, 78, 84,
    94, 9, 231, 165, 245, 69, 32, 159, 143, 183, 210, 57, 85, 21, 206, 148, 247, 202, 23, 86, 45, 58, 188, 6,
    123, 108, 164, 139, 211, 226, 236, 227, 197, 213, 245, 251, 79, 197, 207, 239, 174, 158, 139, 218, 177, 97, 36, 104,
    130, 206, 90, 132, 189, 176, 17, 246, 52, 181, 131, 92, 238, 228, 92, 148, 70, 47, 234, 101, 23, 20, 43, 54,
    210, 234, 26, 194, 239, 226, 195, 158, 86, 40, 235, 235, 69, 93, 66, 147, 2, 4, 139, 7, 101, 241, 10, 110,
    87, 239, 223, 254, 118, 121, 113, 253, 135, 248, 253, 205, 229, 167, 139, 79, 31, 102, 236, 20, 167, 236, 67, 93,
    170, 83, 151, 111, 36, 97, 62, 253, 114, 45, 250, 189, 103, 211, 169, 54, 83, 231, 154, 233, 10, 158, 157, 242,
    248, 246, 249, 76, 72, 189, 189, 51, 213, 86, 24, 205, 196, 54, 114, 43, 74, 169, 217, 231, 152, 171, 68, 185,
    146, 122, 169, 4, 60, 102, 183, 126, 5, 9, 231, 66, 211, 11, 236, 73, 238, 7, 155, 90, 139, 214, 154, 170,
    43, 73, 33, 136, 239, 109, 231, 252, 81, 197, 180, 41, 74, 89, 100, 82, 146, 193, 196, 219, 55, 98, 52, 36,
    17, 20, 222, 136, 59, 37, 22, 228, 225, 57, 24, 192, 73, 77, 195, 242, 181, 178, 188, 135, 31, 33, 227, 52,
    223, 52, 17, 240, 170, 150, 235, 16, 145, 98, 83, 251, 149, 152, 78, 75, 217, 74, 191, 154, 136, 171, 171, 143,
    197, 219, 247, 151, 215, 197, 207, 23, 31, 223, 211, 202, 126, 224, 221, 197, 37, 34, 233, 80, 168, 3, 137, 16,
    75, 206, 116, 182, 84, 123, 132, 58, 199, 11, 41, 118, 149, 30, 160, 252, 231, 45, 89, 97, 183, 54, 149, 162,
    160, 175, 84, 8, 44, 93, 73, 139, 16, 226, 104, 112, 41, 198, 210, 56, 118, 180, 200, 21, 178, 49, 162, 159,
    30, 97, 119, 138, 31, 40, 78, 177, 150, 197, 58, 115, 245, 157, 43, 200, 213, 32, 113, 77, 94, 231, 17, 114,
    115, 28, 132, 3, 119, 178, 170, 172, 114, 46, 198, 53, 237, 136, 76, 35, 105, 94, 26, 130, 38, 108, 167, 77,
    109, 35, 161, 218, 192, 110, 14, 159, 27, 3, 239, 74, 108, 89, 193, 211, 188, 32, 217, 52, 108, 132, 51, 93,
    215, 82, 224, 57, 99, 57, 72, 189, 105, 170, 60, 28, 197, 90, 106, 56, 202, 114, 182, 48, 94, 208, 130, 51,
    196, 228, 197, 207, 127, 20, 87, 191, 188, 253, 207, 251, 235, 231, 35, 29, 171, 90, 54, 100, 207, 55, 222, 171,
    117, 203, 166, 69, 24, 40, 48, 188, 67, 246, 172, 128, 22, 119, 41, 165, 144, 67, 90, 113, 188, 5, 177, 148,
    174, 90, 3, 244, 16, 27, 231, 102, 63, 252, 176, 75, 239, 68, 22, 219, 10, 118, 81, 193, 25, 124, 183, 229,
    24, 39, 56, 234, 103, 8, 77, 26, 99, 238, 193, 178, 232, 218, 244, 40, 240, 184, 163, 100, 97, 176, 81, 178,
    92, 97, 251, 219, 192, 153, 252, 216, 149, 37, 108, 189, 232, 26, 160, 14, 75, 17, 2, 129, 109, 108, 103, 153,
    51, 126, 18, 190, 113, 5, 192, 76, 83, 14, 231, 219, 74, 179, 110, 27, 69, 212, 16, 145, 2, 153, 86, 185,
    21, 193, 234, 35, 114, 39, 255, 130, 4, 174, 53, 218, 169, 2, 233, 12, 75, 254, 62, 88, 163, 107, 151, 86,
    86, 170, 95, 1, 222, 188, 134, 124, 250, 32, 155, 46, 196, 45, 152, 18, 224, 212, 163, 173, 113, 84, 92, 188,
    155, 137, 155, 93, 124, 219, 127, 209, 70, 171, 91, 200, 237, 186, 59, 72, 225, 77, 105, 26, 196, 94, 19, 20,
    207, 183, 15, 243, 34, 205, 51, 161, 97, 60, 17, 123, 157, 156, 118, 104, 131, 222, 193, 4, 175, 234, 238, 43,
    30, 30, 219, 246, 136, 155, 201, 148, 54, 234, 40, 151, 86, 141, 5, 205, 102, 73, 190, 236, 117, 255, 37, 15,
    218, 74, 149, 84, 174, 144, 156, 126, 34, 150, 134, 162, 32, 74, 128, 28, 189, 61, 249, 49, 5, 41, 88, 72,
    202, 248, 62, 101, 188, 221, 210, 226, 48, 124, 67, 83, 149, 106, 228, 54, 213, 159, 47, 40, 1, 70, 151, 176,
    195, 171, 196, 171, 175, 41, 3, 17, 132, 12, 205, 80, 250, 90, 133, 194, 134, 154, 74, 43, 40, 38, 135, 69,
    64, 76, 154, 220, 82, 234, 135, 218, 105, 5, 208, 209, 108, 84, 69, 224, 107, 238, 149, 6, 105, 173, 54, 35,
    210, 164, 228, 2, 80, 64, 129, 79, 207, 146, 61, 16, 150, 35, 240, 92, 159, 236, 112, 214, 4, 101, 174, 46,
    87, 196, 128, 132, 160, 114, 191, 129, 234, 129, 52, 17, 57, 82, 46, 163, 82, 174, 88, 215, 110, 45, 61, 118,
    247, 147, 231, 34, 168, 53, 168, 247, 186, 183, 1, 48, 116, 169, 66, 135, 129, 146, 125, 147, 220, 176, 139, 15,
    193, 57, 190, 67, 44, 52, 183, 240, 135, 34, 137, 195, 172, 178, 123, 110, 60, 168, 172, 146, 229, 63, 246, 79,
    11, 42, 5, 106, 147, 135, 16, 254, 110, 90, 99, 209, 153, 208, 127, 120, 4, 86, 184, 13, 185, 125, 195, 235,
    31, 49, 190, 189, 17, 103, 12, 205, 192, 9, 54, 76, 193, 171, 159, 83, 12, 244, 76, 99, 20, 68, 112, 13,
    195, 223, 195, 107, 128, 193, 155, 33, 8, 110, 15, 130, 234, 81, 76, 193, 234, 131, 36, 99, 156, 255, 39, 68,
    201, 194, 241, 252, 5, 133, 11, 67, 114, 209, 74, 14, 218, 200, 40, 140, 11, 36, 13, 26, 58, 55, 170, 65,
    204, 64, 162, 26, 174, 49, 53, 106, 220, 214, 152, 166, 94, 172, 178, 166, 109, 65, 43, 253, 14, 181, 224, 69,
    66, 43, 80, 226, 14, 106, 200, 208, 124, 132, 215, 32, 190, 86, 178, 89, 20, 37, 58, 86, 85, 152, 69, 136,
    239, 172, 88, 0, 37, 8, 90, 8, 69, 66, 22, 88, 180, 189, 81, 134, 208, 156, 97, 147, 178, 142, 201, 76,
    153, 204, 76, 44, 172, 89, 83, 220, 147, 74, 181, 15, 161, 23, 97, 96, 34, 164, 139, 228, 202, 246, 229, 192,
    91, 128, 210, 41, 129, 131, 178, 167, 4, 72, 44, 143, 85, 165, 170, 31, 14, 192, 136, 87, 167, 153, 151, 168,
    41, 21, 97, 118, 137, 159, 103, 48, 251, 37, 91, 129, 96, 42, 218, 99, 64, 80, 54, 115, 17, 140, 14, 154,
    111, 210, 3, 4, 249, 139, 225, 30, 20, 219, 5, 74, 228, 217, 72, 51, 129, 81, 250, 149, 145, 217, 120, 253,
    211, 81, 147, 83, 228, 190, 161, 122, 42, 171, 9, 124, 160, 95, 46, 191, 164, 38, 154, 218, 119, 113, 214, 151,
    151, 29, 50, 158, 241, 154, 122, 214, 144, 223, 65, 192, 200, 199, 29, 81, 106, 35, 107, 4, 229, 63, 207, 159,
    182, 31, 51, 143, 8, 12, 201, 70, 244, 139, 192, 35, 89, 122, 186, 199, 140, 156, 57, 109, 241, 132, 164, 163,
    28, 10, 77, 101, 17, 78, 47, 142, 36, 185, 2, 59, 66, 139, 116, 248, 160, 153, 9, 124, 229, 185, 147, 34,
    131, 197, 153, 139, 119, 0, 81, 234, 105, 249, 245, 217, 126, 210, 59, 180, 14, 197, 59, 241, 78, 93, 64, 166,
    193, 17, 126, 153, 10, 60, 59, 10, 145, 99, 20, 39, 249, 22, 90, 176, 27, 222, 159, 5, 221, 136, 73, 159,
    57, 151, 233, 225, 219, 68, 163, 118, 76, 112, 80, 237, 91, 172, 102, 253, 108, 104, 53, 83, 93, 217, 77, 93,
    99, 144, 54, 177, 78, 1, 251, 135, 214, 101, 232, 255, 178, 13, 172, 242, 183, 157, 215, 211, 60, 127, 17, 105,
    134, 10, 15, 36, 53, 93, 19, 78, 212, 145, 11, 83, 62, 222, 88, 60, 174, 1, 63, 38, 114, 177, 0, 60,
    21, 66, 79, 113, 163, 3, 93, 110, 51, 23, 0, 119, 16, 159, 14, 113, 82, 59, 28, 221, 159, 228, 69, 29,
    5, 71, 8, 157, 203, 238, 112, 112, 99, 212, 36, 29, 242, 163, 57, 206, 119, 1, 178, 43, 116, 130, 181, 150,
    137, 175, 196, 0, 83, 15, 201, 5, 212, 21, 31, 208, 214, 105, 244, 186, 206, 113, 67, 7, 191, 235, 208, 254,
    196, 246, 240, 213, 203, 207, 147, 24, 132, 172, 72, 56, 181, 5, 172, 62, 157, 110, 197, 127, 95, 157, 206, 133,
    106, 156, 234, 43, 10, 180, 88, 227, 52, 128, 35, 87, 101, 54, 154, 79, 145, 148, 195, 125, 10, 7, 222, 84,
    144, 66, 190, 133, 234, 243, 148, 226, 124, 80, 85, 160, 157, 21, 43, 222, 127, 19, 230, 118, 52, 185, 103, 228,
    225, 14, 110, 216, 204, 18, 240, 189, 12, 113, 167, 131, 10, 220, 83, 163, 243, 60, 31, 73, 80, 116, 122, 8,
    201, 239, 150, 6, 106, 47, 232, 130, 70, 234, 237, 129, 163, 102, 199, 28, 146, 5, 77, 8, 255, 129, 203, 99,
    241, 66, 136, 252, 127, 72, 199, 70, 61, 26, 248, 100, 228, 16, 6, 125, 207, 139, 17, 186, 229, 194, 110, 224,
    153, 220, 186, 65, 181, 78, 223, 163, 33, 208, 127, 73, 163, 92, 184, 202, 168, 32, 30, 109, 207, 21, 132, 102,
    124, 67, 198, 13, 133, 92, 120, 69, 145, 108, 21, 7, 240, 60, 132, 95, 159, 137, 225, 90, 132, 109, 52, 225,
    59, 3, 162, 163, 213, 231, 212, 123, 193, 90, 203, 154, 86, 49, 210, 35, 51, 242, 66, 252, 29, 46, 249, 74,
    121, 139, 112, 240, 119, 124, 243, 164, 225, 225, 28, 238, 194, 40, 29, 66, 175, 198, 2, 244, 170, 207, 15, 73,
    158, 6, 23, 145, 119, 130, 215, 160, 43, 247, 0, 5, 221, 73, 234, 28, 191, 118, 1, 182, 158, 46, 174, 201,
    255, 227, 10, 158, 68, 92, 162, 254, 56, 30, 9, 119, 33, 208, 96, 32, 71, 94, 40, 142, 209, 132, 88, 116,
    176, 1, 56, 243, 253, 21, 99, 253, 223, 151, 140, 237, 18, 20, 75, 128, 74, 226, 141, 48, 148, 132, 167, 179,
    29, 29, 84, 28, 35, 26, 233, 65, 49, 212, 35, 248, 32, 140, 55, 166, 0, 243, 77, 214, 170, 99, 232, 254,
    27, 212, 67, 108, 166, 76, 61, 101, 55, 225, 120, 112, 183, 245, 124, 203, 203, 191, 28, 159, 132, 92, 33, 60,
    115, 206, 175, 95, 228, 13, 58, 97, 238, 192, 121, 112, 122, 176, 55, 247, 20, 137, 4, 157, 74, 185, 210, 164,
    59, 103, 160, 190, 162, 120, 89, 26, 238, 203, 53, 55, 105, 99, 53, 71, 237, 10, 179, 60, 102, 246, 153, 136,
    83, 119, 219, 12, 231, 69, 236, 92, 148, 29, 147, 73, 135, 171, 35, 100, 178, 51, 203, 208, 76, 20, 20, 47,
    154, 142, 237, 31, 228, 131, 162, 123, 164, 81, 163, 145, 221, 13, 137, 179, 111, 59, 255, 121, 214, 139, 84, 181,
    27, 0, 238, 93, 254, 66, 89, 250, 157, 68, 51, 132, 65, 151, 211, 105, 34, 183, 115, 245, 82, 203, 102, 63,
    106, 151, 200, 209, 135, 112, 68, 87, 90, 160, 97, 85, 99, 36, 185, 240, 234, 226, 195, 191, 127, 251, 117, 22,
    47, 143, 169, 99, 153, 199, 27, 6, 242, 103, 108, 69, 221, 80, 97, 7, 12, 27, 44, 27, 145, 59, 202, 141,
    211, 118, 160, 222, 247, 206, 137, 71, 138, 86, 234, 87, 248, 138, 250, 240, 194, 20, 103, 74, 190, 127, 238, 149,
    73, 67, 135, 90, 119, 190, 168, 171, 70, 245, 243, 179, 145, 158, 12, 77, 164, 44, 214, 209, 129, 240, 208, 40,
    55, 147, 208, 95, 28, 100, 3, 111, 211, 134, 175, 214, 41, 187, 110, 231, 189, 196, 107, 67, 205, 108, 173, 195,
    85, 117, 42, 2, 225, 203, 64, 46, 213, 255, 92, 160, 216, 141, 85, 22, 142, 42, 40, 147, 232, 211, 204, 218,
    77, 198, 217, 63, 33, 57, 183, 225, 91, 13, 223, 33, 251, 186, 105, 2, 72, 240, 99, 223, 138, 190, 142, 241,
    85, 12, 32, 30, 6, 216, 71, 33, 221, 176, 139, 51, 254, 115, 91, 163, 18, 205, 115, 47, 134, 78, 200, 160,
    92, 210, 215, 23, 134, 115, 110, 132, 210, 197, 84, 99, 74, 217, 132, 62, 175, 63, 203, 59, 190, 241, 167, 8,
    115, 25, 76, 114, 239, 135, 18, 120, 26, 225, 154, 235, 43, 29, 241, 184, 178, 146, 104, 27, 190, 235, 67, 93,
    158, 247, 139, 9, 133, 160, 107, 131, 50, 19, 20, 230, 239, 91, 117, 44, 129, 116, 251, 27, 224, 149, 29, 215,
    89, 13, 33, 227, 93, 155, 241, 210, 71, 125, 71, 183, 106, 92, 45, 227, 36, 227, 25, 127, 4, 211, 134, 191,
    156, 36, 183, 207, 99, 191, 26, 250, 251, 94, 177, 84, 196, 143, 124, 70, 32, 183, 223, 12, 29, 251, 237, 184,
    88, 10, 198, 215, 175, 127, 99, 32, 87, 240, 183, 54, 64, 233, 26, 227, 143, 174, 242, 206, 251, 25, 217, 144,
    89, 50, 55, 246, 88, 61, 143, 21, 154, 215, 133, 187, 17, 163, 255, 4,
  ]
}
