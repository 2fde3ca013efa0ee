import Basics
import Reactor

/// Somebody who asks a program how it fares (`--status`), or does not come to that.
final class StatusAsker: StreamHandler, TimerHandler {
  enum Manner: CaseIterable {
    case promptly
    /// An octet at a time.
    case slowly
    case never
    /// Asks at once, and takes nothing of the answer for longer than he may.
    case late
  }

  private enum TimerTag: Int { case send, read }

  let manner: Manner
  private let network: SimulatedNetwork
  private let request: [UInt8]
  private var stream: (any ByteStream)?
  private var sentByteCount = 0
  private var answer: [UInt8] = []
  let startedAt: Instant
  private(set) var endedAt: Instant?
  /// The whole answer has come, and its end.
  private(set) var isServed = false
  private let served: (StatusAsker) -> Void

  init(
    _ network: SimulatedNetwork, _ place: SocketAddress, _ manner: Manner, _ path: String,
    served: @escaping (StatusAsker) -> Void
  ) {
    self.served = served
    request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    self.network = network
    self.manner = manner
    startedAt = network.now
    stream = try? network.connect(to: place, from: nil, self)
  }

  func streamOpened() {
    if manner == .late {
      _ = network.schedule(at: network.now + Milliseconds(7_000), self, tag: TimerTag.read.rawValue)
    } else {
      stream?.interest = .readable
    }
    if manner != .never { send() }
  }

  private func send() {
    let left = request.count - sentByteCount
    guard left > 0, let stream else { return }
    let count = manner == .slowly ? 1 : left
    let bytes = request[sentByteCount..<(sentByteCount + count)]
    if case .accepted(let taken) = stream.send(bytes.span) { sentByteCount += taken }
    if sentByteCount == request.count { return }
    _ = network.schedule(at: network.now + Milliseconds(20), self, tag: TimerTag.send.rawValue)
  }

  func timerFired(tag: Int, now: Instant) {
    if tag == TimerTag.read.rawValue { stream?.interest = .readable } else { send() }
  }

  func streamReady(_ readiness: Readiness) {
    guard let stream else { return }
    var buffer = ByteQueue()
    buffer.reserve(4_096)
    switch buffer.withWritable(atMost: 4_096, { stream.receive(into: &$0) }) {
    case .bytes(let count):
      buffer.advance(count)
      buffer.withReadable { bytes in
        for index in 0..<bytes.count { answer.append(bytes[index]) }
      }
    case .wouldBlock: break
    case .endOfStream:
      isServed = isWhole
      if isServed { served(self) }
      end()
    case .failed: end()
    }
  }

  func streamFailed(_ failure: StreamFailure) { end() }

  private func end() {
    stream?.close()
    stream = nil
    endedAt = network.now
  }

  /// As long as it says itself.
  private var isWhole: Bool {
    let text = String(decoding: answer, as: UTF8.self)
    let field = "Content-Length: "
    let end = answer.indices.first { answer[$0...].starts(with: [13, 10, 13, 10]) }
    let length = text.split(separator: "\r\n").first { $0.hasPrefix(field) }
      .flatMap { Int($0.dropFirst(field.count)) }
    return text.hasPrefix("HTTP/1.1 200") && length != nil
      && length == end.map { answer.count - $0 - 4 }
  }

  // MARK: What it was told

  /// The lines with a number each.
  var numbers: [(name: Substring, number: Double)] {
    String(decoding: answer, as: UTF8.self).split(separator: "\n").compactMap { line in
      guard let space = line.lastIndex(of: " "), line.first != "#" else { return nil }
      return Double(line[line.index(after: space)...]).map { (line[..<space], $0) }
    }
  }

  func number(_ name: String) -> Double? { numbers.first { $0.name == name }?.number }

  /// What it was told of each connection that is open, of JSON.
  var connections: [(sent: Int64, received: Int64, age: Int64)] {
    let text = String(decoding: answer, as: UTF8.self)
    guard let list = text.firstRange(of: "\"open\":[") else { return [] }
    return text[list.upperBound...].split(separator: "}").compactMap { entry in
      func number(_ name: String) -> Int64? {
        guard let place = entry.firstRange(of: "\"\(name)\":") else { return nil }
        return Int64(entry[place.upperBound...].prefix { $0.isNumber })
      }
      guard let sent = number("sent_bytes"), let received = number("received_bytes"),
        let age = number("age_seconds")
      else { return nil }
      return (sent, received, age)
    }
  }
}
