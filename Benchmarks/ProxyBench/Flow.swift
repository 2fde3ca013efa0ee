import Foundation

/// A transfer without an end, on a thread of its own, until it is stopped.
final class Flow: @unchecked Sendable {
  enum Reader {
    /// Reads all the time.
    case counting
    /// Never reads, and waits for its connection to end.
    case halted
  }

  /// A slow link may be busy with others for a while.
  private static let patienceSeconds = 120.0

  private let stream: Stream
  private let reader: Reader
  /// Bytes that a counting reader took; one for the end of a halted one.
  private let tally = Tally()

  init(_ stream: Stream, isUp: Bool, reader: Reader) throws {
    self.stream = stream
    self.reader = reader
    stream.patience(seconds: Self.patienceSeconds)
    if isUp {
      let request = reader == .counting ? Request.sink : .halt
      try request.send(to: stream, count: BenchServer.tallies.add(tally))
    } else {
      try Request.download.send(to: stream, count: Int.max / 2)
    }
    Thread.detachNewThread { [self] in isUp ? send() : receive() }
  }

  /// What the sender sees of the other end's end comes late: a proxy may take what it sends for a while, and
  /// forget it. So the reader's side counts.
  private func send() { try? Pattern.shared.send(Int.max / 2, to: stream) }

  private func receive() {
    switch reader {
    case .counting: try? tally.count(stream)
    case .halted:
      stream.waitForEnd()
      tally.add(1)
    }
  }

  /// Of a counting reader.
  var byteCount: Int { tally.byteCount }

  /// Whether a halted reader's connection has ended.
  var hasEnded: Bool { reader == .halted && tally.byteCount > 0 }

  func stop() { stream.shutDown() }
}
