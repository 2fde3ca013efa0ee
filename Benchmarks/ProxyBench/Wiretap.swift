import Foundation

/// A stretch of TCP between the source and the service that counts the bytes on it, both ways.
final class Wiretap: @unchecked Sendable {
  let port: UInt16
  private let listener: Listener
  private let lock = NSLock()
  private var carriedByteCount = 0

  var byteCount: Int { lock.withLock { carriedByteCount } }

  init(to far: UInt16) throws {
    listener = try Listener()
    port = listener.port
    Thread.detachNewThread { [self] in
      while let near = listener.accept() {
        guard let stream = try? Stream.connect(port: far) else { continue }
        let pair = Pair(near: near, far: stream)
        for stream in [near, stream] { stream.patience(seconds: 600) }
        Thread.detachNewThread { self.carry(from: pair.near, to: pair.far) }
        Thread.detachNewThread { self.carry(from: pair.far, to: pair.near) }
      }
    }
  }

  private struct Pair: @unchecked Sendable {
    let near: Stream
    let far: Stream
  }

  /// Until either side ends, which then is the end of both.
  private func carry(from one: Stream, to other: Stream) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 64)
    defer {
      buffer.deallocate()
      one.shutDown()
      other.shutDown()
    }
    while let count = try? one.receive(into: buffer), count > 0 {
      lock.withLock { carriedByteCount += count }
      guard (try? other.send(UnsafeRawBufferPointer(rebasing: buffer[..<count]))) != nil else {
        return
      }
    }
  }
}
