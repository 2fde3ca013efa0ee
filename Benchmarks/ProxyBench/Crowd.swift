import Foundation

/// Connections through one chain.
struct Crowd {
  /// Who is not done by then is too slow to be waited for.
  private static let secondsMax = 45.0

  private(set) var streams: [Stream] = []

  /// Opens them one after the other, each with a byte there and back, so that they are there at both ends.
  init(_ chain: Chain, count: Int) throws {
    let start = Clock.now()
    do {
      for _ in 0..<count {
        streams.append(try Self.open(chain))
        guard Clock.seconds(since: start) < Self.secondsMax else {
          throw Failure("not there within \(Int(Self.secondsMax)) s")
        }
      }
    } catch {
      throw Failure("connection \(streams.count + 1) of \(count): \(error)")
    }
  }

  static func open(_ chain: Chain) throws -> Stream {
    let stream = try chain.connect()
    try Request.ping.roundTrip(on: stream)
    return stream
  }

  /// Opens more, up to so many.
  mutating func grow(to count: Int, _ chain: Chain) throws {
    guard count > streams.count else { return }
    streams += try Crowd(chain, count: count - streams.count).streams
  }

  /// Moves so many bytes in all, at the same time over the first `count` of the connections.
  func move(_ byteCount: Int, isUp: Bool, over count: Int? = nil) throws {
    let chosen = Array(streams.prefix(count ?? streams.count))
    let share = max(byteCount / max(chosen.count, 1), 1)
    try Self.forEach(chosen) { stream in
      if isUp {
        try Pattern.shared.upload(share, over: stream)
      } else {
        try Pattern.shared.download(share, over: stream)
      }
    }
  }

  /// Works on all at the same time, each on a thread. When all are done, the first failure is thrown.
  static func forEach(_ streams: [Stream], _ work: @escaping @Sendable (Stream) throws -> Void)
    throws
  {
    if streams.count == 1 { return try work(streams[0]) }
    let failures = Failures()
    let group = DispatchGroup()
    for stream in streams {
      let handOver = HandOver(stream: stream)
      group.enter()
      Thread.detachNewThread {
        do { try work(handOver.stream) } catch { failures.add(error) }
        group.leave()
      }
    }
    group.wait()
    if let first = failures.first { throw first }
  }

  private struct HandOver: @unchecked Sendable {
    let stream: Stream
  }

  private final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private var all: [any Error] = []
    func add(_ error: any Error) { lock.withLock { all.append(error) } }
    var first: (any Error)? { lock.withLock { all.first } }
  }
}
