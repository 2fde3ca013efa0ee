import Basics
import Foundation
import Synchronization
import Testing

@testable import Reactor

@Suite("Signals")
struct SignalsTests {
  private final class Recorder: SignalHandler {
    private(set) var names: [String] = []
    func received(_ signal: Signal) { names.append(signal.name) }
  }

  @Test("the signals that the programs act on become events of the loop")
  func reportsSignals() {
    let names = Mutex<[String]>([])
    let isDone = DispatchSemaphore(value: 0)
    // A thread of its own: the signals stay blocked where they were blocked, and are sent to it alone.
    Thread.detachNewThread {
      defer { isDone.signal() }
      let recorder = Recorder()
      guard let reactor = try? Reactor(),
        let signals = try? Signals(reactor: reactor, handler: recorder)
      else { return }
      for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGTERM] {
        pthread_kill(pthread_self(), signal)
        try? reactor.turn(waitMax: Milliseconds(1_000))
      }
      try? reactor.turn(waitMax: Milliseconds(0))
      names.withLock { $0 = recorder.names }
      withExtendedLifetime(signals) {}
    }
    #expect(isDone.wait(timeout: .now() + 20) == .success)
    #expect(names.withLock { $0 } == ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGTERM"])
  }
}
