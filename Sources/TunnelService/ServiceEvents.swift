// swift-format-ignore-file
// Written by scripts/log-events out of events.txt.
import Basics
import Reactor

extension Log {
  /// `{reason}`
  @inline(__always) func serviceFailed(reason: @autoclosure () -> String) {
    if takes(4) { write(4, reason()) }
  }

  /// `--listen '{host}' is not an IPv4 or IPv6 address; give one of this machine, such as 127.0.0.1`
  @inline(__always) func listenRefused(host: @autoclosure () -> String) {
    if takes(5) { write(5, host()) }
  }

  /// `cannot listen on {address}: {reason}; choose another place with --listen, such as 127.0.0.1:0 for any free port`
  @inline(__always) func listeningFailed(address: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(6) { write(6, address(), reason()) }
  }

  /// `{warning}`
  @inline(__always) func certificateWarning(warning: @autoclosure () -> String) {
    if takes(7) { write(7, warning()) }
  }

  /// `--key {path} can be read by everybody`
  @inline(__always) func keyReadable(path: @autoclosure () -> String) {
    if takes(8) { write(8, path()) }
  }

  /// `{signal}: stopping`
  @inline(__always) func stopping(signal: @autoclosure () -> String) {
    if takes(9) { write(9, signal()) }
  }

  /// `{signal}: no tunnel is open`
  @inline(__always) func noTunnel(signal: @autoclosure () -> String) {
    if takes(10) { write(10, signal()) }
  }

  /// `standard input has ended: no more commands from it`
  @inline(__always) func commandsEnded() {
    if takes(11) { write(11) }
  }

  /// `cannot accept connections for a moment: {reason}`
  @inline(__always) func acceptingPaused(reason: @autoclosure () -> String) {
    if takes(12) { write(12, reason()) }
  }

  /// `{client}: {deed}, {clients#} clients are being received, {own_clients#} of them of this address`
  @inline(__always) func clientTurnedAway(client: @autoclosure () -> String, deed: @autoclosure () -> String, clients: @autoclosure () -> String, ownClients: @autoclosure () -> String) {
    if takes(13) { write(13, client(), deed(), clients(), ownClients()) }
  }

  /// `{client}: {reason}`
  @inline(__always) func receptionFailed(client: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(14) { write(14, client(), reason()) }
  }

  /// `{client}: {reason}`
  @inline(__always) func receptionEnded(client: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(15) { write(15, client(), reason()) }
  }

  /// `{client}: refused with {status#}: {reason}`
  @inline(__always) func receptionRefused(client: @autoclosure () -> String, status: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(16) { write(16, client(), status(), reason()) }
  }

  /// `tunnel {tunnel#}: the {end} has a new token`
  @inline(__always) func tokenRotated(tunnel: @autoclosure () -> String, end: @autoclosure () -> String) {
    if takes(17) { write(17, tunnel(), end()) }
  }

  /// `tunnel {tunnel#}: the {end} is connected from {client}, {subprotocol}, session id {session}[, {compression}]`
  @inline(__always) func endConnected(tunnel: @autoclosure () -> String, end: @autoclosure () -> String, client: @autoclosure () -> String, subprotocol: @autoclosure () -> String, session: @autoclosure () -> String, compression: @autoclosure () -> String) {
    if takes(18) { write(18, tunnel(), end(), client(), subprotocol(), session(), compression()) }
  }

  /// `tunnel {tunnel#}: no {end} is connected`
  @inline(__always) func endAbsent(tunnel: @autoclosure () -> String, end: @autoclosure () -> String) {
    if takes(19) { write(19, tunnel(), end()) }
  }

  /// `tunnel {tunnel#}: the {end} {reason}`
  @inline(__always) func endViolated(tunnel: @autoclosure () -> String, end: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(20) { write(20, tunnel(), end(), reason()) }
  }

  /// `tunnel {tunnel#}: the {end} is dropped, a fault`
  @inline(__always) func endDropped(tunnel: @autoclosure () -> String, end: @autoclosure () -> String) {
    if takes(21) { write(21, tunnel(), end()) }
  }

  /// `tunnel {tunnel#}: silent to the {end}, a fault`
  @inline(__always) func endSilenced(tunnel: @autoclosure () -> String, end: @autoclosure () -> String) {
    if takes(22) { write(22, tunnel(), end()) }
  }

  /// `tunnel {tunnel#}: the {end} {reason}`
  @inline(__always) func endLeft(tunnel: @autoclosure () -> String, end: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(23) { write(23, tunnel(), end(), reason()) }
  }

  /// `tunnel {tunnel#}: {reason}`
  @inline(__always) func tunnelClosed(tunnel: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(24) { write(24, tunnel(), reason()) }
  }
}

extension LogEvents {
  /// tunneld's.
  package static var ofService: LogEvents {
    LogEvents(
      #"""
      3 lines_lost {lines#} log lines were lost: what reads the log did not take them
      4 lines_left_out {lines#} more lines of {left_out_event} were left out
      1 internal_error {operation} failed: {reason}
      5 round_trip Pong reply latency: {time_ms#} ms
      1 service_failed {reason}
      1 listen_refused --listen '{host}' is not an IPv4 or IPv6 address; give one of this machine, such as 127.0.0.1
      1 listening_failed cannot listen on {address}: {reason}; choose another place with --listen, such as 127.0.0.1:0 for any free port
      3 certificate_warning {warning}
      3 key_readable --key {path} can be read by everybody
      4 stopping {signal}: stopping
      4 no_tunnel {signal}: no tunnel is open
      4 commands_ended standard input has ended: no more commands from it
      3*accepting_paused cannot accept connections for a moment: {reason}
      3*client_turned_away {client}: {deed}, {clients#} clients are being received, {own_clients#} of them of this address
      2*reception_failed {client}: {reason}
      5 reception_ended {client}: {reason}
      4*reception_refused {client}: refused with {status#}: {reason}
      4 token_rotated tunnel {tunnel#}: the {end} has a new token
      4*end_connected tunnel {tunnel#}: the {end} is connected from {client}, {subprotocol}, session id {session}[, {compression}]
      4*end_absent tunnel {tunnel#}: no {end} is connected
      3*end_violated tunnel {tunnel#}: the {end} {reason}
      4 end_dropped tunnel {tunnel#}: the {end} is dropped, a fault
      4 end_silenced tunnel {tunnel#}: silent to the {end}, a fault
      4*end_left tunnel {tunnel#}: the {end} {reason}
      4 tunnel_closed tunnel {tunnel#}: {reason}
      """#.octets)
  }
}
