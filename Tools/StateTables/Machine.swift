/// A state machine whose source has a table.
public struct Machine: Sendable {
  /// How the table calls its columns.
  public struct Columns: Sendable {
    var state = "state"
    var event = "event"
    /// Nil where nothing but state and event decides.
    var condition: String?
    var next = "next"
    /// Nil where the next state says it all.
    var output: String?

    var all: [String] { [state, event] + [condition, next, output].compactMap { $0 } }
  }

  public let name: String
  /// Below the package's folder.
  public let source: String
  let columns: Columns
  var hasGroups = false
  /// Some states do nothing about some events.
  var ignores = true

  public static let tunnelClient = Machine(
    name: "TunnelClient", source: "Sources/Proxy/Tunnel/TunnelClient.swift",
    columns: Columns(output: "orders"))

  public static let connection = Machine(
    name: "Connection", source: "Sources/Proxy/Tunnel/Connection.swift",
    columns: Columns(condition: "when", output: "action"), hasGroups: true)

  public static let frameParser = Machine(
    name: "FrameParser", source: "Sources/Proxy/WebSocket/FrameParser.swift",
    columns: Columns(event: "octets", output: "step"), ignores: false)

  public static let closingHandshake = Machine(
    name: "ClosingHandshake", source: "Sources/Proxy/Tunnel/ClosingHandshake.swift",
    columns: Columns(output: "end"))

  public static let dialingStep = Machine(
    name: "DialingStep", source: "Sources/Proxy/Tunnel/DialingStep.swift",
    columns: Columns(state: "step"))

  public static let sourceListeners = Machine(
    name: "SourceListenersCore", source: "Sources/Proxy/Tunnel/SourceListenersCore.swift",
    columns: Columns(condition: "when"))

  public static let connector = Machine(
    name: "ConnectorCore", source: "Sources/Proxy/Tunnel/ConnectorCore.swift",
    columns: Columns(condition: "when", output: "order"))

  /// In the order of the page that shows them.
  public static let all = [
    tunnelClient, dialingStep, sourceListeners, connector, connection, closingHandshake,
    frameParser,
  ]
}
