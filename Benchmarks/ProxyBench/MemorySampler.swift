import Foundation

/// Looks at the resident memory of programs four times a second.
final class MemorySampler: @unchecked Sendable {
  private static let interval = 0.25
  private let children: [Child]
  private let lock = NSLock()
  private var points: [[[Double]]]
  private var isOver = false

  init(_ children: [Child]) {
    self.children = children
    points = children.map { _ in [] }
    let start = Clock.now()
    Thread.detachNewThread { [self] in
      while !lock.withLock({ isOver }) {
        let seconds = Clock.seconds(since: start)
        for (index, child) in children.enumerated() {
          guard let size = try? child.megabytes("VmRSS") else { continue }
          lock.withLock { points[index].append([seconds, size]) }
        }
        Clock.sleep(seconds: Self.interval)
      }
    }
  }

  /// Seconds and MB of each program, by its name. Nothing is added afterwards.
  func curves() -> [Curve] {
    lock.withLock {
      isOver = true
      return zip(children, points).map { Curve(name: $0.name, points: $1) }
    }
  }
}
