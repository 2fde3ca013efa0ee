import Basics
import CEpoll

/// Whoever answers.
public protocol DialogueHandler: AnyObject {
  /// - Parameter line: without its end; nil for one that was longer than `Dialogue.lineByteCountMax`.
  /// - Returns: whole lines, or nothing.
  func answer(to line: [UInt8]?) -> String
  /// Nothing more will be asked.
  func dialogueEnded()
}

/// Lines on standard input, and their answers on standard output.
///
/// No line is looked at before the last one's answer is out, so whoever asks without reading waits, and nobody waits
/// for him: neither the loop nor the memory. A terminal is read in the foreground alone. In the background, where it is
/// the shell's, a read is an error here and not a stop (SIGTTIN), and is tried again in a second.
public final class Dialogue: EventHandler, TimerHandler {
  private enum TimerTag: Int { case foreground, output }

  /// Of a line, without its end.
  public static let lineByteCountMax = 4_096
  private static let backgroundDelay = Milliseconds(1_000)
  private static let outputDelay = Milliseconds(20)

  private let reactor: Reactor
  private let input: FileDescriptor
  private let output: cepoll_standard
  private let handler: any DialogueHandler
  private var registration: RegistrationToken?
  /// What has come and was not looked at.
  private var received: [UInt8] = []
  /// The beginning of the line at hand was too long to be kept.
  private var isTooLong = false
  private var isAtEnd = false
  private var isOver = false
  /// What standard output has not taken of an answer.
  private var unsent: [UInt8] = []

  /// Nil unless standard input is a pipe, or the terminal that this process is controlled by.
  public convenience init?(reactor: Reactor, handler: any DialogueHandler) {
    self.init(
      reactor: reactor, handler: handler, input: 0, output: StandardStream.output.descriptor)
  }

  init?(reactor: Reactor, handler: any DialogueHandler, input: Int32, output: Int32) {
    let own = cepoll_open_input(input)
    if own < 0 { return nil }
    self.reactor = reactor
    self.input = FileDescriptor(own)
    self.output = cepoll_standard_error(output)
    self.handler = handler
    listen()
  }

  deinit { cepoll_standard_close(output) }

  /// Nothing is asked for while an answer waits. A descriptor whose other side has gone is ready for ever, whatever is
  /// asked of it, and so it leaves the set.
  private func listen() {
    let wants = unsent.isEmpty && !isAtEnd
    if wants && registration == nil {
      registration = try? reactor.register(input.raw, interest: .readable, self)
    } else if !wants, let registration {
      reactor.deregister(registration)
      self.registration = nil
    }
  }

  func handle(_ readiness: Readiness) {
    var bytes = [UInt8](repeating: 0, count: Self.lineByteCountMax)
    let count = unsafe bytes.withUnsafeMutableBytes { all in
      unsafe cepoll_read_input(input.raw, all.baseAddress, all.count)
    }
    if count == -Int(EAGAIN) { return }
    if count == -Int(EBUSY) {
      if let registration { reactor.deregister(registration) }
      registration = nil
      _ = reactor.schedule(
        at: reactor.now + Self.backgroundDelay, self, tag: TimerTag.foreground.rawValue)
      return
    }
    if count > 0 {
      received += bytes[..<count]
    } else {
      isAtEnd = true
      // The last line's end may be left out.
      if !received.isEmpty { received.append(.lineFeed) }
    }
    work()
  }

  public func timerFired(tag: Int, now: Instant) {
    if tag == TimerTag.output.rawValue { send() }
    work()
  }

  private func work() {
    while unsent.isEmpty, let end = received.firstIndex(of: .lineFeed) {
      var line = Array(received[..<end])
      received.removeFirst(end + 1)
      if line.last == .carriageReturn { line.removeLast() }
      let isWhole = !isTooLong && line.count <= Self.lineByteCountMax
      isTooLong = false
      unsent = handler.answer(to: isWhole ? line : nil).octets
      send()
    }
    if unsent.isEmpty && received.count > Self.lineByteCountMax {
      received = []
      isTooLong = true
    }
    listen()
    if isAtEnd && unsent.isEmpty && !isOver {
      isOver = true
      handler.dialogueEnded()
    }
  }

  /// Offers standard output what is left; it is asked again in a moment when it does not take all.
  private func send() {
    while !unsent.isEmpty {
      let count = unsafe unsent.withUnsafeBytes { all in
        unsafe cepoll_standard_write(output, all.baseAddress, all.count)
      }
      if count > 0 {
        unsent.removeFirst(count)
      } else if count == -Int(EAGAIN) || count == -Int(EINTR) {
        _ = reactor.schedule(
          at: reactor.now + Self.outputDelay, self, tag: TimerTag.output.rawValue)
        return
      } else {
        // Nobody reads it any more.
        unsent = []
      }
    }
  }
}
