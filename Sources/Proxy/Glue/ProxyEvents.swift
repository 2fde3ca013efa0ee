// swift-format-ignore-file
// Written by scripts/log-events out of events.txt.
import Reactor
import WebSocket

extension Log {
  /// `{reason}`
  @inline(__always) package func startFailed(reason: @autoclosure () -> String) {
    if takes(4) { write(4, reason()) }
  }

  /// `what was passed (LISTEN_FDS) is not a stream socket that listens`
  @inline(__always) package func passedSocketRefused() {
    if takes(5) { write(5) }
  }

  /// `{warning}`
  @inline(__always) func configurationWarning(warning: @autoclosure () -> String) {
    if takes(6) { write(6, warning()) }
  }

  /// `SECURITY WARNING: the service's certificate is NOT verified (--no-ssl-host-verify): anybody on the way can read and change everything; never use this in production`
  @inline(__always) func certificateNotVerified() {
    if takes(7) { write(7) }
  }

  /// `{warning}`
  @inline(__always) func trustWarning(warning: @autoclosure () -> String) {
    if takes(8) { write(8, warning()) }
  }

  /// `no CA certificates are to be found; install the package ca-certificates, or name them with --capath, SSL_CERT_FILE or SSL_CERT_DIR`
  @inline(__always) func noCaCertificates() {
    if takes(9) { write(9) }
  }

  /// `CA certificates: {source}`
  @inline(__always) func caCertificates(source: @autoclosure () -> String) {
    if takes(10) { write(10, source()) }
  }

  /// `Starting proxy in {mode} mode`
  @inline(__always) func starting(mode: @autoclosure () -> String) {
    if takes(11) { write(11, mode()) }
  }

  /// `standard input and output cannot be used: {reason}`
  @inline(__always) func standardStreamsFailed(reason: @autoclosure () -> String) {
    if takes(12) { write(12, reason()) }
  }

  /// `The status is served on {address}`
  @inline(__always) func statusServed(address: @autoclosure () -> String) {
    if takes(13) { write(13, address()) }
  }

  /// `cannot serve the status on {place}: {reason}; choose another place with --status`
  @inline(__always) func statusFailed(place: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(14) { write(14, place(), reason()) }
  }

  /// `the service manager was not told (NOTIFY_SOCKET): {reason}`
  @inline(__always) func supervisorNotTold(reason: @autoclosure () -> String) {
    if takes(15) { write(15, reason()) }
  }

  /// `Attempting to establish web socket connection with endpoint wss://{endpoint}`
  @inline(__always) func dialing(endpoint: @autoclosure () -> String) {
    if takes(16) { write(16, endpoint()) }
  }

  /// `by way of {web_proxy}`
  @inline(__always) func webProxyUsed(webProxy: @autoclosure () -> String) {
    if takes(17) { write(17, webProxy()) }
  }

  /// `looking up {host}`
  @inline(__always) func lookingUp(host: @autoclosure () -> String) {
    if takes(18) { write(18, host()) }
  }

  /// `Connected successfully with proxy server: {address}`
  @inline(__always) func reached(address: @autoclosure () -> String) {
    if takes(19) { write(19, address()) }
  }

  /// `Successfully completed SSL handshake with proxy server`
  @inline(__always) func tlsOpened() {
    if takes(20) { write(20) }
  }

  /// `Web socket upgrade response: {field}: {value}`
  @inline(__always) func responseField(field: @autoclosure () -> String, value: @autoclosure () -> String) {
    if takes(21) { write(21, field(), value()) }
  }

  /// `Web socket session ID: {session}`
  @inline(__always) func sessionId(session: @autoclosure () -> String) {
    if takes(22) { write(22, session()) }
  }

  /// `Web socket subprotocol selected: {subprotocol}`
  @inline(__always) func subprotocolSelected(subprotocol: @autoclosure () -> String) {
    if takes(23) { write(23, subprotocol()) }
  }

  /// `Successfully established websocket connection with proxy server: wss://{endpoint}`
  @inline(__always) func connected(endpoint: @autoclosure () -> String) {
    if takes(24) { write(24, endpoint()) }
  }

  /// `Web socket compression: [{compression}|the service declined it, going on without]`
  @inline(__always) func compressionAgreed(compression: @autoclosure () -> String) {
    if takes(25) { write(25, compression()) }
  }

  /// `{reason}; trying again [in {delay_ms#} ms|at once]`
  @inline(__always) func dialingAgain(reason: @autoclosure () -> String, delayMs: @autoclosure () -> String) {
    if takes(26) { write(26, reason(), delayMs()) }
  }

  /// `{reason}; {advice}`
  @inline(__always) func serviceRefused(reason: @autoclosure () -> String, advice: @autoclosure () -> String) {
    if takes(27) { write(27, reason(), advice()) }
  }

  /// `{reason}; no retry is left or allowed`
  @inline(__always) func retriesUsedUp(reason: @autoclosure () -> String) {
    if takes(28) { write(28, reason()) }
  }

  /// `{reason}; the file of the access token has another one, which is tried now`
  @inline(__always) func tokenRenewed(reason: @autoclosure () -> String) {
    if takes(29) { write(29, reason()) }
  }

  /// `{reason}`
  @inline(__always) func tokenFileFailed(reason: @autoclosure () -> String) {
    if takes(30) { write(30, reason()) }
  }

  /// `{reason}`
  @inline(__always) func servicesMismatch(reason: @autoclosure () -> String) {
    if takes(31) { write(31, reason()) }
  }

  /// `{advice}`
  @inline(__always) func advice(advice: @autoclosure () -> String) {
    if takes(32) { write(32, advice()) }
  }

  /// `ready: [service {service}|the tunnel] goes to {server}`
  @inline(__always) func serviceTarget(service: @autoclosure () -> String, server: @autoclosure () -> String) {
    if takes(33) { write(33, service(), server()) }
  }

  /// `Listening for new connection on [port {port#} of ]{host}[ for service {service}][ (and of {other_host})]`
  @inline(__always) func listening(port: @autoclosure () -> String, host: @autoclosure () -> String, service: @autoclosure () -> String, otherHost: @autoclosure () -> String) {
    if takes(34) { write(34, port(), host(), service(), otherHost()) }
  }

  /// `cannot listen on [port {port#} of ]{host}[ for service {service}]: {reason}; trying again in {delay_ms#} ms`
  @inline(__always) func listeningAgain(port: @autoclosure () -> String, host: @autoclosure () -> String, service: @autoclosure () -> String, reason: @autoclosure () -> String, delayMs: @autoclosure () -> String) {
    if takes(35) { write(35, port(), host(), service(), reason(), delayMs()) }
  }

  /// `cannot listen on [port {port#} of ]{host}[ for service {service}]: {reason}`
  @inline(__always) func listeningFailed(port: @autoclosure () -> String, host: @autoclosure () -> String, service: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(36) { write(36, port(), host(), service(), reason()) }
  }

  /// `cannot accept clients on {address} for a moment: {reason}`
  @inline(__always) func acceptingPaused(address: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(37) { write(37, address(), reason()) }
  }

  /// `dropped {reason}`
  @inline(__always) func messageDropped(reason: @autoclosure () -> String) {
    if takes(38) { write(38, reason()) }
  }

  /// `the service reset the session`
  @inline(__always) func sessionReset() {
    if takes(39) { write(39) }
  }

  /// `the web socket ended with the first message that offers half-close: from now on it goes without, as with tcp.half_close at 'linger'`
  @inline(__always) func halfCloseOff() {
    if takes(40) { write(40) }
  }

  /// `Web socket close received. Code: {code#}; Reason: {reason}`
  @inline(__always) func closeReceived(code: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(41) { write(41, code(), reason()) }
  }

  /// `Accepted tcp connection on [port {port#} of ]{host} from {client}`
  @inline(__always) func clientAccepted(port: @autoclosure () -> String, host: @autoclosure () -> String, client: @autoclosure () -> String) {
    if takes(42) { write(42, port(), host(), client()) }
  }

  /// `refused a client from {client}[ for service {service}]: {reason}`
  @inline(__always) func clientRefused(client: @autoclosure () -> String, service: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(43) { write(43, client(), service(), reason()) }
  }

  /// `[service {service}|the tunnel] has one connection at a time (protocol {version}): a new client replaces {client}`
  @inline(__always) func clientReplaced(service: @autoclosure () -> String, version: @autoclosure () -> String, client: @autoclosure () -> String) {
    if takes(44) { write(44, service(), version(), client()) }
  }

  /// `[service {service}|the tunnel] has one connection at a time (protocol {version}): the client from {client} waits for its end`
  @inline(__always) func clientWaits(service: @autoclosure () -> String, version: @autoclosure () -> String, client: @autoclosure () -> String) {
    if takes(45) { write(45, service(), version(), client()) }
  }

  /// `refused a connection of [service {service}|the tunnel]: {reason}`
  @inline(__always) func connectionRefused(service: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(46) { write(46, service(), reason()) }
  }

  /// `Sending stream start, setting new stream ID to: {stream#}, service id: {service}`
  @inline(__always) func streamStartSent(stream: @autoclosure () -> String, service: @autoclosure () -> String) {
    if takes(47) { write(47, stream(), service()) }
  }

  /// `Sending connection start for service id: {service}, connection id: {connection#}`
  @inline(__always) func connectionStartSent(service: @autoclosure () -> String, connection: @autoclosure () -> String) {
    if takes(48) { write(48, service(), connection()) }
  }

  /// `Received service id: {service}, stream id: {stream#}, connection id: {connection#}: connecting to {server}`
  @inline(__always) func startReceived(service: @autoclosure () -> String, stream: @autoclosure () -> String, connection: @autoclosure () -> String, server: @autoclosure () -> String) {
    if takes(49) { write(49, service(), stream(), connection(), server()) }
  }

  /// `Connected to {server} for [service {service}|the tunnel]`
  @inline(__always) func serverConnected(server: @autoclosure () -> String, service: @autoclosure () -> String) {
    if takes(50) { write(50, server(), service()) }
  }

  /// `could not connect to {reason}; trying again in {delay_ms#} ms`
  @inline(__always) func serverRetried(reason: @autoclosure () -> String, delayMs: @autoclosure () -> String) {
    if takes(51) { write(51, reason(), delayMs()) }
  }

  /// `[service {service}|the tunnel]: could not connect to {reason}; this connection is reset`
  @inline(__always) func serverFailed(service: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(52) { write(52, service(), reason()) }
  }

  /// `[service {service}|the tunnel]: nothing came back within {time_ms#} ms; if the destination is a device client, a Greengrass component or a proxy 1.x, start this source with '-y V1'; else the server may be down, or wait for its client`
  @inline(__always) func noAnswer(service: @autoclosure () -> String, timeMs: @autoclosure () -> String) {
    if takes(53) { write(53, service(), timeMs()) }
  }

  /// `[service {service}|the tunnel]: the peer reset the stream[: the {peer} has left the tunnel, or lost its way to it]`
  @inline(__always) func streamReset(service: @autoclosure () -> String, peer: @autoclosure () -> String) {
    if takes(54) { write(54, service(), peer()) }
  }

  /// `[service {service}|the tunnel]: the peer reset the stream before anything came back: the destination is not connected to the tunnel`
  @inline(__always) func streamResetUnconnected(service: @autoclosure () -> String) {
    if takes(55) { write(55, service()) }
  }

  /// `[service {service}|the tunnel]: the peer reset the stream before anything came back: the destination is not connected to the tunnel, or could not connect to its server, which its log then says`
  @inline(__always) func streamResetUnanswered(service: @autoclosure () -> String) {
    if takes(56) { write(56, service()) }
  }

  /// `[service {service}|the tunnel]: the destination does not know the stream any more, as after a restart; its connections are reset, and the next client begins a new one`
  @inline(__always) func streamUnknown(service: @autoclosure () -> String) {
    if takes(57) { write(57, service()) }
  }

  /// `[service {service}|the tunnel]: the client from {client} was reset before anything came back: the destination could not connect to its server, or that has ended the connection; the destination's log says which`
  @inline(__always) func clientResetUnanswered(service: @autoclosure () -> String, client: @autoclosure () -> String) {
    if takes(58) { write(58, service(), client()) }
  }

  /// `connection {connection#} of [service {service}|the tunnel], which waits for its server, gives its place to [service {next_service}|the tunnel]`
  @inline(__always) func placeTaken(connection: @autoclosure () -> String, service: @autoclosure () -> String, nextService: @autoclosure () -> String) {
    if takes(59) { write(59, connection(), service(), nextService()) }
  }

  /// `connection {connection#} of [service {service}|the tunnel] has taken nothing for {time_ms#} ms while others may wait; it is reset`
  @inline(__always) func readerStalled(connection: @autoclosure () -> String, service: @autoclosure () -> String, timeMs: @autoclosure () -> String) {
    if takes(60) { write(60, connection(), service(), timeMs()) }
  }

  /// `{address} took nothing for {time_ms#} ms after the peer's end; {bytes#} bytes are lost, and it is reset`
  @inline(__always) func readerTooSlow(address: @autoclosure () -> String, timeMs: @autoclosure () -> String, bytes: @autoclosure () -> String) {
    if takes(61) { write(61, address(), timeMs(), bytes()) }
  }

  /// `{address} has ended its sending, and its answer did not come or go on in time; it is reset`
  @inline(__always) func halfCloseOver(address: @autoclosure () -> String) {
    if takes(62) { write(62, address()) }
  }

  /// `connection {slot#}: closed by its client or server`
  @inline(__always) func connectionClosed(slot: @autoclosure () -> String) {
    if takes(63) { write(63, slot()) }
  }

  /// `connection {slot#}: {reason}`
  @inline(__always) func connectionFailed(slot: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(64) { write(64, slot(), reason()) }
  }

  /// `Gave up connecting to: {address} ([service {service}|the tunnel])`
  @inline(__always) func connectingGivenUp(address: @autoclosure () -> String, service: @autoclosure () -> String) {
    if takes(65) { write(65, address(), service()) }
  }

  /// `Disconnected from: {address} ([service {service}|the tunnel])`
  @inline(__always) func disconnected(address: @autoclosure () -> String, service: @autoclosure () -> String) {
    if takes(66) { write(66, address(), service()) }
  }

  /// `{signal}: {connections#} connections are open`
  @inline(__always) func connectionsCounted(signal: @autoclosure () -> String, connections: @autoclosure () -> String) {
    if takes(67) { write(67, signal(), connections()) }
  }

  /// `SIGHUP: read again; token and settings wait for the next connection to the service`
  @inline(__always) func reloaded() {
    if takes(68) { write(68) }
  }

  /// `SIGHUP: nothing is changed: {reason}`
  @inline(__always) func reloadRefused(reason: @autoclosure () -> String) {
    if takes(69) { write(69, reason()) }
  }

  /// `{signal}: stopping`
  @inline(__always) func stopping(signal: @autoclosure () -> String) {
    if takes(70) { write(70, signal()) }
  }

  /// `stopping: connections that are cut now: {connections#}[, with {bytes#} bytes that nobody took]; nothing moved in them any more`
  @inline(__always) func connectionsCutIdle(connections: @autoclosure () -> String, bytes: @autoclosure () -> String) {
    if takes(71) { write(71, connections(), bytes()) }
  }

  /// `stopping: connections that are cut now: {connections#}[, with {bytes#} bytes that nobody took]; bytes still moved when drain_timeout_ms, {time_ms#} ms, was nearly over`
  @inline(__always) func connectionsCut(connections: @autoclosure () -> String, bytes: @autoclosure () -> String, timeMs: @autoclosure () -> String) {
    if takes(72) { write(72, connections(), bytes(), timeMs()) }
  }

  /// `the tunnel is closed or has expired; nothing is left to do`
  @inline(__always) func tunnelEnded() {
    if takes(73) { write(73) }
  }

  /// `another localproxy with the same tokens has taken this one's place, as one started twice does; this one ends, lest they take it from each other in turn`
  @inline(__always) func placeLost() {
    if takes(74) { write(74) }
  }

  /// `the access token was rotated and is of no use any more; start again with the new one`
  @inline(__always) func tokenRotated() {
    if takes(75) { write(75) }
  }

  /// `[{reason}; ]the connection over standard input and output is cut`
  @inline(__always) func standardStreamsCut(reason: @autoclosure () -> String) {
    if takes(76) { write(76, reason()) }
  }

  /// `{reason}`
  @inline(__always) package func commandFailed(reason: @autoclosure () -> String) {
    if takes(77) { write(77, reason()) }
  }

  /// `the tunnel has ended; the command goes on`
  @inline(__always) package func commandAlone() {
    if takes(78) { write(78) }
  }
}

extension LogEvents {
  /// localproxy's; nil when there is no memory to unpack them.
  package static var ofProxy: LogEvents? { proxyList.map { LogEvents($0) } }

  package static var proxyList: [UInt8]? {
    Inflater.unpack(packedProxyEvents, byteCount: 7128)
  }

  private static let packedProxyEvents: [UInt8] = [
    205, 89, 91, 111, 220, 182, 18, 126, 247, 175, 32, 144, 7, 59, 193, 58, 69, 154, 246, 60, 236, 62, 5, 185,
    29, 227, 4, 105, 97, 187, 167, 40, 12, 67, 160, 37, 238, 174, 96, 45, 41, 144, 148, 55, 139, 237, 254, 247,
    126, 51, 67, 73, 148, 227, 196, 105, 208, 3, 28, 192, 240, 74, 188, 204, 125, 190, 25, 82, 47, 85, 83, 91,
    19, 138, 198, 133, 168, 246, 252, 252, 228, 160, 26, 183, 146, 113, 181, 53, 222, 40, 154, 156, 171, 16, 181, 173,
    180, 175, 148, 241, 222, 121, 85, 213, 149, 178, 46, 170, 168, 111, 141, 138, 107, 179, 57, 250, 169, 167, 101, 150,
    177, 112, 93, 70, 111, 227, 136, 10, 19, 116, 75, 12, 167, 5, 133, 185, 51, 54, 30, 18, 19, 12, 42, 12,
    30, 189, 80, 181, 141, 198, 91, 221, 20, 194, 105, 239, 90, 227, 117, 172, 157, 61, 168, 165, 174, 27, 83, 205,
    213, 222, 27, 29, 48, 112, 244, 179, 242, 174, 179, 85, 17, 125, 221, 170, 95, 157, 93, 41, 111, 218, 102, 167,
    26, 29, 141, 45, 119, 88, 25, 235, 141, 41, 54, 44, 70, 0, 113, 168, 225, 99, 33, 116, 70, 50, 47, 84,
    171, 67, 48, 85, 17, 92, 121, 107, 98, 225, 205, 178, 195, 171, 218, 174, 117, 84, 91, 29, 210, 180, 58, 249,
    112, 118, 113, 249, 246, 99, 241, 238, 205, 197, 83, 85, 7, 182, 128, 6, 77, 208, 217, 40, 217, 11, 99, 96,
    79, 83, 7, 8, 16, 142, 94, 170, 210, 217, 101, 189, 234, 68, 131, 98, 171, 189, 173, 33, 229, 62, 61, 28,
    104, 133, 241, 177, 94, 214, 37, 68, 46, 64, 176, 184, 51, 30, 175, 224, 118, 241, 246, 245, 111, 231, 103, 151,
    127, 168, 223, 95, 157, 127, 60, 251, 248, 126, 78, 134, 86, 193, 248, 187, 186, 52, 199, 33, 223, 72, 194, 124,
    252, 229, 82, 13, 123, 79, 78, 79, 173, 59, 13, 161, 57, 93, 195, 125, 167, 60, 190, 123, 58, 87, 218, 238,
    110, 92, 181, 83, 206, 50, 177, 173, 222, 169, 82, 91, 88, 77, 87, 152, 171, 84, 185, 214, 118, 101, 20, 92,
    227, 119, 113, 13, 9, 23, 202, 210, 139, 130, 61, 176, 3, 108, 106, 171, 90, 239, 170, 174, 36, 133, 32, 126,
    244, 93, 136, 15, 42, 102, 93, 81, 234, 34, 147, 146, 12, 166, 94, 191, 82, 147, 33, 13, 239, 71, 167, 110,
    140, 90, 146, 43, 23, 96, 0, 39, 53, 13, 203, 215, 234, 242, 86, 67, 158, 82, 159, 230, 155, 102, 10, 129,
    97, 245, 70, 66, 79, 109, 235, 184, 86, 167, 167, 165, 110, 117, 92, 207, 212, 197, 197, 135, 226, 245, 219, 243,
    203, 226, 221, 217, 135, 183, 180, 114, 24, 120, 115, 118, 142, 144, 185, 47, 212, 61, 137, 16, 52, 193, 117, 190,
    52, 7, 196, 52, 199, 11, 41, 118, 209, 63, 64, 249, 79, 59, 178, 194, 126, 227, 42, 67, 209, 93, 25, 9,
    44, 206, 143, 66, 162, 33, 244, 49, 54, 228, 77, 109, 91, 36, 5, 217, 24, 97, 78, 143, 176, 59, 197, 15,
    20, 167, 88, 203, 130, 154, 185, 198, 46, 20, 228, 106, 144, 184, 36, 175, 243, 8, 185, 57, 13, 194, 129, 123,
    93, 85, 222, 132, 112, 16, 246, 180, 35, 49, 77, 164, 121, 169, 4, 141, 108, 167, 77, 109, 163, 161, 218, 200,
    110, 1, 159, 59, 7, 239, 106, 108, 89, 195, 211, 188, 160, 183, 169, 108, 132, 51, 67, 215, 82, 224, 5, 231,
    57, 72, 163, 107, 170, 60, 28, 213, 70, 91, 56, 202, 115, 182, 48, 48, 208, 130, 19, 196, 228, 217, 187, 63,
    138, 139, 95, 94, 255, 231, 237, 229, 211, 137, 142, 85, 173, 27, 178, 231, 171, 24, 205, 166, 101, 211, 34, 12,
    12, 24, 222, 32, 123, 214, 128, 133, 155, 62, 165, 144, 67, 214, 112, 188, 137, 88, 198, 86, 173, 3, 76, 168,
    109, 8, 243, 31, 126, 216, 247, 239, 68, 22, 219, 10, 118, 81, 193, 25, 124, 179, 227, 24, 39, 220, 25, 102,
    8, 54, 26, 231, 110, 193, 178, 232, 218, 254, 81, 225, 113, 79, 201, 194, 168, 98, 116, 185, 198, 246, 215, 194,
    153, 252, 216, 149, 37, 108, 189, 236, 26, 192, 11, 75, 33, 129, 192, 54, 246, 243, 204, 25, 63, 171, 216, 132,
    2, 168, 101, 41, 135, 243, 109, 165, 219, 180, 141, 33, 106, 136, 72, 133, 76, 171, 194, 154, 240, 243, 51, 114,
    71, 255, 130, 4, 161, 117, 54, 152, 2, 233, 12, 75, 254, 62, 90, 163, 107, 87, 94, 87, 102, 88, 1, 222,
    188, 134, 124, 122, 167, 155, 78, 226, 22, 76, 9, 112, 234, 201, 214, 52, 170, 206, 222, 80, 144, 203, 11, 9,
    28, 186, 27, 176, 143, 174, 116, 13, 130, 174, 17, 141, 243, 125, 227, 188, 234, 231, 137, 194, 56, 76, 60, 203,
    193, 88, 19, 173, 7, 151, 18, 160, 154, 155, 47, 248, 116, 106, 205, 7, 28, 75, 198, 243, 73, 43, 189, 242,
    102, 42, 97, 54, 59, 87, 87, 251, 236, 245, 240, 103, 30, 166, 149, 41, 169, 18, 33, 29, 227, 76, 173, 28,
    249, 61, 73, 128, 172, 188, 62, 250, 177, 15, 75, 176, 208, 148, 227, 67, 146, 68, 191, 163, 197, 50, 124, 69,
    83, 149, 105, 244, 174, 47, 45, 127, 2, 244, 157, 45, 205, 53, 229, 162, 240, 26, 170, 200, 72, 4, 65, 66,
    51, 148, 176, 222, 160, 102, 161, 92, 210, 10, 138, 194, 113, 17, 48, 146, 38, 119, 148, 236, 82, 22, 189, 2,
    30, 186, 173, 169, 8, 110, 221, 173, 177, 32, 109, 205, 118, 66, 154, 148, 92, 34, 249, 41, 212, 233, 89, 179,
    7, 100, 57, 66, 45, 12, 233, 237, 172, 153, 161, 176, 213, 229, 154, 24, 144, 16, 84, 201, 183, 80, 93, 72,
    19, 145, 7, 10, 100, 82, 42, 20, 155, 58, 108, 116, 196, 238, 97, 242, 165, 18, 181, 70, 245, 126, 26, 108,
    0, 212, 92, 193, 61, 84, 95, 80, 141, 175, 122, 55, 236, 211, 131, 56, 39, 118, 136, 133, 230, 26, 254, 48,
    36, 177, 204, 26, 127, 224, 158, 130, 10, 41, 89, 254, 195, 240, 180, 36, 240, 55, 219, 60, 132, 240, 119, 213,
    58, 143, 166, 131, 254, 195, 35, 176, 194, 181, 100, 243, 21, 175, 255, 140, 241, 245, 149, 58, 97, 48, 6, 50,
    176, 97, 10, 94, 253, 148, 98, 96, 96, 154, 162, 32, 193, 169, 12, 127, 15, 175, 249, 151, 2, 233, 179, 56,
    130, 165, 71, 238, 83, 52, 255, 39, 216, 31, 189, 124, 70, 129, 193, 112, 91, 180, 154, 195, 51, 145, 151, 113,
    133, 244, 64, 87, 22, 38, 245, 133, 201, 106, 84, 186, 13, 166, 38, 221, 215, 6, 211, 128, 253, 162, 242, 174,
    109, 65, 171, 255, 29, 113, 254, 89, 143, 68, 160, 196, 221, 209, 152, 139, 249, 8, 175, 65, 36, 173, 117, 179,
    44, 74, 180, 156, 166, 112, 75, 137, 228, 172, 16, 0, 15, 8, 68, 8, 47, 36, 222, 61, 250, 214, 36, 131,
    52, 94, 216, 100, 124, 96, 50, 167, 76, 102, 174, 150, 222, 109, 40, 194, 73, 165, 58, 74, 144, 165, 132, 159,
    41, 29, 18, 185, 178, 125, 62, 242, 86, 160, 116, 76, 48, 96, 252, 49, 65, 15, 203, 227, 77, 105, 234, 187,
    123, 176, 195, 171, 251, 153, 231, 168, 23, 21, 225, 113, 137, 159, 39, 240, 245, 57, 91, 97, 82, 246, 196, 190,
    133, 88, 27, 196, 94, 245, 15, 144, 224, 27, 35, 90, 52, 218, 11, 37, 114, 105, 162, 217, 227, 77, 255, 171,
    19, 179, 233, 250, 111, 10, 146, 129, 34, 55, 3, 213, 99, 137, 75, 248, 2, 92, 201, 229, 215, 212, 25, 83,
    243, 173, 78, 134, 210, 177, 71, 82, 51, 36, 83, 35, 42, 41, 44, 2, 38, 62, 225, 1, 165, 182, 186, 70,
    52, 254, 243, 252, 105, 251, 67, 230, 81, 194, 144, 108, 68, 191, 136, 56, 146, 101, 160, 251, 144, 145, 51, 167,
    45, 31, 145, 116, 146, 60, 210, 41, 22, 114, 36, 9, 36, 201, 5, 216, 17, 56, 244, 39, 10, 154, 153, 193,
    87, 145, 219, 35, 50, 88, 154, 57, 123, 3, 156, 164, 10, 204, 175, 79, 14, 179, 193, 161, 53, 23, 230, 196,
    154, 154, 221, 81, 244, 7, 24, 101, 178, 243, 236, 36, 54, 38, 164, 102, 249, 90, 158, 25, 223, 159, 136, 54,
    68, 125, 72, 146, 243, 254, 225, 11, 212, 146, 34, 50, 58, 104, 241, 53, 30, 243, 97, 86, 90, 197, 172, 74,
    200, 83, 49, 54, 32, 99, 223, 150, 45, 100, 229, 190, 238, 31, 248, 58, 209, 146, 250, 12, 116, 116, 93, 35,
    71, 221, 68, 157, 41, 126, 43, 154, 255, 216, 147, 75, 80, 254, 88, 116, 60, 198, 141, 14, 96, 185, 141, 130,
    128, 168, 28, 182, 180, 13, 56, 75, 63, 202, 131, 250, 0, 246, 61, 157, 159, 110, 112, 192, 98, 4, 36, 217,
    243, 179, 50, 206, 97, 2, 191, 21, 250, 183, 218, 234, 158, 159, 198, 0, 83, 151, 124, 1, 130, 170, 247, 104,
    198, 44, 122, 210, 16, 184, 13, 67, 34, 90, 105, 90, 82, 83, 247, 226, 249, 167, 89, 10, 47, 86, 64, 78,
    87, 130, 187, 199, 167, 59, 245, 223, 23, 199, 11, 101, 154, 96, 134, 234, 0, 45, 54, 232, 218, 113, 52, 170,
    220, 214, 242, 105, 143, 210, 114, 200, 74, 225, 77, 197, 69, 82, 72, 42, 201, 99, 138, 243, 129, 210, 128, 118,
    86, 120, 120, 255, 149, 204, 237, 105, 242, 192, 96, 194, 125, 215, 184, 153, 37, 224, 75, 18, 226, 78, 7, 10,
    184, 165, 142, 28, 46, 153, 4, 69, 103, 199, 16, 252, 110, 105, 160, 246, 146, 110, 76, 112, 84, 191, 231, 168,
    249, 67, 14, 201, 130, 69, 194, 125, 228, 242, 185, 120, 18, 34, 255, 31, 210, 177, 81, 31, 12, 120, 50, 178,
    132, 193, 208, 169, 98, 132, 174, 165, 176, 27, 72, 165, 119, 97, 84, 173, 179, 183, 40, 238, 246, 155, 52, 202,
    133, 171, 156, 17, 241, 104, 123, 174, 32, 52, 227, 43, 43, 110, 14, 244, 50, 26, 138, 100, 111, 56, 128, 23,
    18, 126, 67, 6, 202, 245, 5, 219, 104, 198, 103, 123, 162, 99, 205, 167, 190, 143, 130, 181, 86, 53, 173, 98,
    240, 70, 102, 228, 181, 245, 59, 92, 242, 133, 138, 149, 96, 224, 239, 248, 230, 81, 195, 195, 57, 220, 81, 81,
    58, 72, 223, 197, 2, 12, 170, 47, 238, 147, 60, 22, 23, 145, 119, 196, 107, 208, 149, 203, 122, 65, 151, 132,
    54, 199, 173, 9, 174, 63, 94, 53, 251, 40, 152, 150, 230, 94, 208, 21, 202, 76, 224, 17, 185, 185, 128, 30,
    35, 57, 242, 69, 241, 5, 164, 167, 67, 9, 160, 153, 111, 155, 24, 233, 191, 87, 62, 182, 145, 40, 217, 131,
    43, 9, 57, 193, 83, 82, 129, 78, 103, 116, 212, 8, 140, 110, 164, 13, 197, 83, 134, 226, 189, 72, 209, 185,
    34, 224, 196, 151, 181, 224, 24, 186, 253, 10, 117, 137, 211, 62, 107, 143, 217, 101, 56, 111, 222, 236, 34, 95,
    193, 242, 47, 199, 42, 161, 152, 132, 106, 206, 249, 167, 103, 121, 227, 77, 248, 59, 114, 30, 3, 64, 172, 206,
    157, 67, 79, 130, 206, 149, 92, 117, 250, 11, 97, 84, 0, 67, 177, 179, 114, 220, 111, 91, 238, 193, 166, 106,
    78, 154, 18, 102, 57, 53, 62, 52, 143, 92, 238, 101, 234, 102, 151, 97, 190, 74, 253, 137, 241, 83, 50, 253,
    81, 233, 1, 50, 121, 243, 61, 52, 16, 5, 69, 141, 165, 131, 247, 123, 125, 103, 232, 238, 103, 210, 92, 100,
    247, 57, 234, 228, 235, 206, 127, 202, 119, 89, 97, 4, 185, 55, 249, 11, 101, 234, 223, 36, 150, 161, 11, 58,
    154, 206, 18, 153, 125, 168, 87, 86, 55, 135, 73, 75, 68, 142, 189, 15, 69, 116, 237, 4, 26, 222, 52, 78,
    147, 203, 46, 206, 222, 255, 251, 183, 95, 231, 233, 130, 151, 186, 148, 69, 186, 19, 32, 255, 165, 206, 50, 140,
    213, 117, 196, 175, 209, 146, 9, 181, 147, 188, 56, 31, 11, 245, 161, 21, 238, 121, 244, 209, 73, 61, 10, 95,
    35, 223, 191, 212, 196, 217, 144, 239, 136, 7, 101, 250, 161, 251, 90, 119, 177, 168, 171, 198, 12, 243, 243, 137,
    158, 12, 75, 164, 44, 214, 209, 193, 238, 190, 81, 174, 102, 210, 91, 220, 139, 126, 222, 102, 29, 95, 127, 83,
    54, 93, 47, 6, 137, 55, 142, 58, 213, 218, 202, 117, 114, 95, 0, 228, 246, 62, 151, 234, 127, 46, 144, 76,
    0, 82, 155, 38, 9, 181, 165, 138, 87, 121, 56, 174, 160, 76, 162, 239, 38, 155, 48, 155, 102, 255, 76, 110,
    93, 141, 246, 205, 78, 81, 246, 194, 158, 18, 80, 197, 136, 220, 50, 192, 206, 145, 188, 130, 183, 57, 181, 63,
    181, 53, 202, 207, 34, 119, 159, 180, 63, 14, 53, 146, 62, 141, 48, 134, 115, 247, 211, 223, 33, 53, 174, 212,
    141, 52, 119, 195, 97, 60, 240, 117, 60, 133, 86, 200, 240, 144, 27, 62, 212, 189, 227, 132, 206, 92, 84, 233,
    168, 198, 229, 148, 68, 219, 242, 181, 28, 138, 241, 98, 88, 76, 112, 3, 165, 26, 212, 22, 34, 189, 147, 175,
    76, 117, 170, 123, 116, 53, 43, 56, 202, 30, 235, 188, 133, 144, 233, 90, 204, 69, 29, 147, 190, 147, 11, 48,
    46, 145, 105, 146, 129, 139, 63, 69, 89, 199, 159, 53, 122, 127, 47, 82, 147, 42, 205, 252, 160, 88, 95, 185,
    31, 184, 227, 39, 127, 95, 141, 237, 249, 245, 180, 66, 178, 43, 190, 242, 1, 128, 92, 193, 95, 188, 128, 153,
    27, 140, 127, 118, 235, 246, 114, 152, 209, 13, 153, 37, 115, 227, 0, 202, 139, 84, 150, 121, 157, 92, 110, 56,
    251, 23,
  ]
}
