import Basics

/// What waits for the local sockets, and whether the tunnel must not be read for its sake: when one of them leaves too
/// much, or all together do. It is read again below half of the mark.
struct BackPressure {
  private let connectionMark: Int
  private let tunnelMark: Int
  /// In all connections.
  private(set) var pendingByteCount = 0
  private(set) var congestedCount = 0
  private(set) var isOverMark = false
  /// When the tunnel was last paused for a reader's sake.
  private(set) var pausedAt: Instant?
  /// How long it was paused, before that.
  private var pausedBefore = Nanoseconds(0)

  /// - Parameters:
  ///   - connectionMark: bytes that may wait in one connection.
  ///   - tunnelMark: the same in all of them.
  init(connectionMark: Int, tunnelMark: Int) {
    self.connectionMark = connectionMark
    self.tunnelMark = tunnelMark
  }

  var mustPause: Bool { congestedCount > 0 || isOverMark }

  /// One connection's part.
  struct Share {
    fileprivate(set) var pendingByteCount = 0
    fileprivate(set) var isCongested = false
  }

  /// So many bytes wait in a connection now.
  mutating func update(_ share: inout Share, pendingByteCount byteCount: Int, _ now: Instant) {
    let hadToPause = mustPause
    pendingByteCount += byteCount - share.pendingByteCount
    share.pendingByteCount = byteCount
    let isCongested = Self.isAbove(connectionMark, byteCount, wasAbove: share.isCongested)
    if isCongested != share.isCongested { congestedCount += isCongested ? 1 : -1 }
    share.isCongested = isCongested
    isOverMark = Self.isAbove(tunnelMark, pendingByteCount, wasAbove: isOverMark)
    if mustPause == hadToPause { return }
    if mustPause { pausedAt = now } else { pausedBefore = pausedTime(since: pausedAt, now) }
  }

  /// How long it was paused in all.
  func pausedTime(_ now: Instant) -> Nanoseconds {
    mustPause ? pausedTime(since: pausedAt, now) : pausedBefore
  }

  private func pausedTime(since start: Instant?, _ now: Instant) -> Nanoseconds {
    start.map { pausedBefore + (now - $0) } ?? pausedBefore
  }

  /// A connection's socket takes nothing, and the tunnel is not read for its sake.
  func isStalled(_ share: Share) -> Bool {
    share.isCongested || isOverMark && share.pendingByteCount > 0
  }

  private static func isAbove(_ mark: Int, _ byteCount: Int, wasAbove: Bool) -> Bool {
    wasAbove ? byteCount > mark / 2 : byteCount >= mark
  }
}
