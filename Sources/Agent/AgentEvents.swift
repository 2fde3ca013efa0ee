// swift-format-ignore-file
// Written by scripts/log-events out of events.txt.
import Basics
import Reactor

extension Log {
  /// `{reason}`
  @inline(__always) func usageError(reason: @autoclosure () -> String) {
    if takes(4) { write(4, reason()) }
  }

  /// `localproxy-agent {version}: {tunnels_max#} at once; services: {services}`
  @inline(__always) func started(version: @autoclosure () -> String, tunnelsMax: @autoclosure () -> String, services: @autoclosure () -> String) {
    if takes(5) { write(5, version(), tunnelsMax(), services()) }
  }

  /// `a line is dropped: {reason}`
  @inline(__always) func lineDropped(reason: @autoclosure () -> String) {
    if takes(6) { write(6, reason()) }
  }

  /// `a notification is refused: {reason}`
  @inline(__always) func notificationRefused(reason: @autoclosure () -> String) {
    if takes(7) { write(7, reason()) }
  }

  /// `standard input has ended: no more tunnels are started`
  @inline(__always) func inputEnded() {
    if takes(8) { write(8) }
  }

  /// `--input '{path}' cannot be read any more: {reason}; it is tried each second`
  @inline(__always) func inputFailed(path: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(9) { write(9, path(), reason()) }
  }

  /// `tunnel {tunnel#}: {services} in {region}`
  @inline(__always) func tunnelAccepted(tunnel: @autoclosure () -> String, services: @autoclosure () -> String, region: @autoclosure () -> String) {
    if takes(10) { write(10, tunnel(), services(), region()) }
  }

  /// `tunnel {tunnel#}: localproxy is process {process#}`
  @inline(__always) func proxyStarted(tunnel: @autoclosure () -> String, process: @autoclosure () -> String) {
    if takes(11) { write(11, tunnel(), process()) }
  }

  /// `tunnel {tunnel#}: process {process#} of an earlier agent serves it`
  @inline(__always) func proxyAdopted(tunnel: @autoclosure () -> String, process: @autoclosure () -> String) {
    if takes(12) { write(12, tunnel(), process()) }
  }

  /// `--state-directory: {file} is none of the agent's, and is removed`
  @inline(__always) func stateDropped(file: @autoclosure () -> String) {
    if takes(13) { write(13, file()) }
  }

  /// `--state-directory: {reason}; the next agent will not know process {process#}`
  @inline(__always) func stateFailed(reason: @autoclosure () -> String, process: @autoclosure () -> String) {
    if takes(14) { write(14, reason(), process()) }
  }

  /// `tunnel {tunnel#} is over: {reason}`
  @inline(__always) func tunnelOver(tunnel: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(15) { write(15, tunnel(), reason()) }
  }

  /// `tunnel {tunnel#} is over: {reason}; it is not tried again`
  @inline(__always) func tunnelMistaken(tunnel: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(16) { write(16, tunnel(), reason()) }
  }

  /// `tunnel {tunnel#}: {reason}; it is started again in {delay_ms#} ms`
  @inline(__always) func proxyRestarted(tunnel: @autoclosure () -> String, reason: @autoclosure () -> String, delayMs: @autoclosure () -> String) {
    if takes(17) { write(17, tunnel(), reason(), delayMs()) }
  }

  /// `tunnel {tunnel#} is given up: {reason}`
  @inline(__always) func tunnelGivenUp(tunnel: @autoclosure () -> String, reason: @autoclosure () -> String) {
    if takes(18) { write(18, tunnel(), reason()) }
  }

  /// `{signal}: stopping`
  @inline(__always) func stopping(signal: @autoclosure () -> String) {
    if takes(19) { write(19, signal()) }
  }

  /// `{tunnels#} tunnels go on without the agent`
  @inline(__always) func tunnelsLeft(tunnels: @autoclosure () -> String) {
    if takes(20) { write(20, tunnels()) }
  }
}

extension LogEvents {
  /// localproxy-agent's.
  package static var ofAgent: LogEvents {
    LogEvents(
      #"""
      3 lines_lost {lines#} log lines were lost: what reads the log did not take them
      4 lines_left_out {lines#} more lines of {left_out_event} were left out
      1 internal_error {operation} failed: {reason}
      5 round_trip Pong reply latency: {time_ms#} ms
      1 usage_error {reason}
      4 started localproxy-agent {version}: {tunnels_max#} at once; services: {services}
      3*line_dropped a line is dropped: {reason}
      3*notification_refused a notification is refused: {reason}
      3 input_ended standard input has ended: no more tunnels are started
      2 input_failed --input '{path}' cannot be read any more: {reason}; it is tried each second
      4 tunnel_accepted tunnel {tunnel#}: {services} in {region}
      4 proxy_started tunnel {tunnel#}: localproxy is process {process#}
      4 proxy_adopted tunnel {tunnel#}: process {process#} of an earlier agent serves it
      3 state_dropped --state-directory: {file} is none of the agent's, and is removed
      2 state_failed --state-directory: {reason}; the next agent will not know process {process#}
      4 tunnel_over tunnel {tunnel#} is over: {reason}
      2 tunnel_mistaken tunnel {tunnel#} is over: {reason}; it is not tried again
      3 proxy_restarted tunnel {tunnel#}: {reason}; it is started again in {delay_ms#} ms
      2 tunnel_given_up tunnel {tunnel#} is given up: {reason}
      4 stopping {signal}: stopping
      4 tunnels_left {tunnels#} tunnels go on without the agent
      """#.octets)
  }
}
