import Basics
import CEpoll

/// Whoever takes lines that come from outside.
public protocol LineHandler: AnyObject {
  /// - Parameter line: without its end; nil for one that is longer than it may be.
  func received(line: [UInt8]?)
  /// Standard input is at its end: nothing more comes.
  func inputEnded()
  /// A named pipe could not be opened again; it is tried until it can.
  func inputFailed(_ error: SystemError)
}

/// Lines from standard input, a pipe or a terminal, or from a named pipe, which has no end: it is opened again when all
/// who wrote to it are gone.
///
/// Of a line that has no end yet, so many octets are kept as a line may have; the rest of a longer one is read and
/// dropped. What was kept is given back to the heap with each line, where it is overwritten (`Process.wipesFreedMemory`).
public final class LineInput: EventHandler, TimerHandler {
  private static let pieceByteCount = 4_096
  private static let reopenDelay = Milliseconds(1_000)

  private let reactor: Reactor
  /// Nil for standard input.
  private let path: String?
  private let lineByteCountMax: Int
  private let handler: any LineHandler
  private var descriptor: Int32
  private var registration: RegistrationToken?
  private var received: [UInt8] = []
  /// The line at hand is longer than it may be.
  private var isTooLong = false
  private var hasFailed = false

  public init(
    reactor: Reactor, path: String?, lineByteCountMax: Int, handler: any LineHandler
  ) throws(SystemError) {
    self.reactor = reactor
    self.path = path
    self.lineByteCountMax = lineByteCountMax
    self.handler = handler
    descriptor = try Self.open(path)
    do throws(SystemError) {
      registration = try reactor.register(descriptor, interest: .readable, self)
    } catch {
      _ = cepoll_close(descriptor)
      throw error
    }
  }

  deinit { close() }

  private static func open(_ path: String?) throws(SystemError) -> Int32 {
    guard let path else { return try SystemError.check(cepoll_open_lines(nil), "open") }
    return try SystemError.check(
      unsafe path.withCString { unsafe cepoll_open_lines($0) }, "open")
  }

  /// Nothing is taken from it any more.
  public func close() {
    if let registration { reactor.deregister(registration) }
    registration = nil
    if descriptor >= 0 { _ = cepoll_close(descriptor) }
    descriptor = -1
  }

  func handle(_ readiness: Readiness) {
    var bytes = [UInt8](repeating: 0, count: Self.pieceByteCount)
    let count = unsafe bytes.withUnsafeMutableBytes { all in
      unsafe cepoll_read_input(descriptor, all.baseAddress, all.count)
    }
    if count == -Int(EAGAIN) { return }
    if count > 0 {
      take(bytes[..<count])
    } else if count == -Int(EBUSY) {
      // The terminal is another job's.
      if let registration { reactor.deregister(registration) }
      registration = nil
      _ = reactor.schedule(at: reactor.now + Self.reopenDelay, self, tag: 0)
    } else {
      // The last line's end may be left out.
      if !received.isEmpty || isTooLong { take([.lineFeed]) }
      if path == nil {
        close()
        handler.inputEnded()
      } else {
        reopen()
      }
    }
  }

  private func take(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while let end = rest.firstIndex(of: .lineFeed) {
      keep(rest[..<end])
      rest = rest[(end + 1)...]
      var line = received
      received = []
      if line.last == .carriageReturn { line.removeLast() }
      let isWhole = !isTooLong && line.count <= lineByteCountMax
      isTooLong = false
      handler.received(line: isWhole ? line : nil)
    }
    keep(rest)
  }

  private func keep(_ bytes: ArraySlice<UInt8>) {
    if !isTooLong { received += bytes }
    // A carriage return may stand in front of the end.
    if received.count <= lineByteCountMax + 1 { return }
    isTooLong = true
    received = []
  }

  /// One that was opened anew is not ready until somebody writes. The old one is closed after that: what a writer who comes
  /// in between leaves in the pipe would go with the last who has it open.
  private func reopen() {
    guard let path else { return }
    do throws(SystemError) {
      let opened = try Self.open(path)
      close()
      descriptor = opened
      registration = try reactor.register(opened, interest: .readable, self)
      hasFailed = false
    } catch {
      close()
      if !hasFailed { handler.inputFailed(error) }
      hasFailed = true
      _ = reactor.schedule(at: reactor.now + Self.reopenDelay, self, tag: 0)
    }
  }

  public func timerFired(tag: Int, now: Instant) {
    if descriptor < 0 {
      reopen()
    } else if registration == nil {
      registration = try? reactor.register(descriptor, interest: .readable, self)
    }
  }
}
