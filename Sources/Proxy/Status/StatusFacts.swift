import Basics
import Tunnel
import WebSocket

/// What the status pages say, as values.
public final class StatusFacts {
  /// Connections that are listed one by one, at the most.
  public static let connectionCountMax = 64

  public let isUp: Bool
  /// What it does, and the last line of level error or fatal.
  let words: String
  let lastError: String
  let role: String
  private let connectionCount: Int
  private let services: [String]
  /// The texts with labels of the metrics' template, and its numbers, in its order.
  private let labels: [String]
  public var numbers: [Int64]
  private let list = StatusText()
  private var listedCount = 0
  /// The parts of texts.txt.
  let texts: [ArraySlice<UInt8>]
  /// What a browser gets. It goes out as it is: whoever looks at it with curl is to read it.
  let page: ArraySlice<UInt8>

  /// Nil when there is no memory for the texts.
  public init?(
    _ report: SupervisorReport.Facts, _ tally: Tally, version: String, tls: String, role: String,
    lastError: String
  ) {
    let byteCount = StatusTexts.byteCount
    guard
      let octets = Inflater.unpack(
        StatusTexts.packed, byteCount: byteCount + StatusTexts.pageByteCount)
    else { return nil }
    texts = Array(octets[..<byteCount]).parted(at: .bar)
    page = octets[byteCount...]
    isUp = report.state == .running && report.isReady
    words = report.words
    connectionCount = report.connectionCount
    self.role = role
    self.lastError = lastError
    services = tally.services
    labels = [version, tls] + services + services + services
    numbers = [isUp ? 1 : 0]
  }

  /// Lists a connection, as long as there is room.
  package func add(_ connection: ConnectionStatus, peer: String, now: Instant) {
    if listedCount == Self.connectionCountMax { return }
    if listedCount > 0 { list.add(",") }
    listedCount += 1
    let age = (now - connection.startedAt).count / 1_000_000_000
    list.fill(
      [age, connection.sentByteCount, connection.receivedByteCount],
      [
        services[connection.service], peer,
        Array(texts[20]).parted(at: .comma)[connection.place].text,
      ])
    list.add(texts[19])
  }

  package var metrics: StatusText {
    let text = StatusText()
    text.fill(numbers, labels)
    text.add(texts[3], serviceCount: services.count)
    return text
  }

  package var json: StatusText {
    let text = StatusText()
    text.fill([Int64(connectionCount - listedCount)], [role, words, lastError])
    text.add(texts[7])
    text.add(membersOf: metrics)
    text.add("},\"open\":[")
    text.add(list)
    text.add("],\"more\":")
    text.add("%".octets[...])
    text.add("}\n")
    return text
  }
}
