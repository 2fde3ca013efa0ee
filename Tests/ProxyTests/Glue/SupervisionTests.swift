import Basics
import Reactor
import Simulator
import Testing

@testable import Proxy
@testable import Tunnel

@Suite("Supervision")
struct SupervisionTests {
  /// Hears what it is told, unless it is to be out of order.
  private final class Listener: Supervisor {
    let watchdogPeriod: Milliseconds?
    private(set) var messages: [String] = []
    var error = ""

    init(_ watchdogPeriod: Milliseconds? = nil) { self.watchdogPeriod = watchdogPeriod }

    func tell(_ message: String) -> String {
      if error.isEmpty { messages.append(message) }
      return error
    }
  }

  private let world = QuietWorld()
  private let recorder = LogRecorder()

  private static func facts(
    _ state: TunnelClient.State, isReady: Bool = false
  ) -> SupervisorReport.Facts {
    SupervisorReport.Facts(state: state, isReady: isReady, connectionCount: 0)
  }

  @Test("it is told from the loop, and the last facts before the loop ends")
  func tells() {
    let listener = Listener(Milliseconds(10_000))
    let supervision = Supervision(network: world.network, supervisor: listener, log: recorder.log)
    supervision.note(Self.facts(.dialing))
    world.advance(999)
    #expect(listener.messages == [])
    world.advance(1)
    #expect(listener.messages == ["STATUS=connecting\nWATCHDOG=1\n"])
    world.advance(10_000)
    #expect(listener.messages.dropFirst() == ["WATCHDOG=1\n", "WATCHDOG=1\n"])
    recorder.log.conceal("a-secret-of-some-length")
    recorder.log.servicesMismatch(reason: "refused: a-secret-of-some-length\nno more")
    supervision.end(Self.facts(.stopped))
    #expect(
      listener.messages.last
        == "STOPPING=1\nSTATUS=stopped; last error: refused: ***?no more\nWATCHDOG=1\n")
    #expect(world.timerCount == 0 && supervision.heldTimerCount == 0)
  }

  @Test("who does not hear is told again, and the log says so once")
  func triesAgain() {
    let listener = Listener()
    listener.error = "Connection refused"
    let supervision = Supervision(network: world.network, supervisor: listener, log: recorder.log)
    supervision.note(Self.facts(.running, isReady: true))
    world.advance(10_000)
    #expect(
      recorder.lines(with: "the service manager was not told (NOTIFY_SOCKET): Connection refused")
        .count == 1)
    #expect(recorder.lines.count == 1)
    listener.error = ""
    world.advance(1_000)
    #expect(listener.messages == ["READY=1\nSTATUS=connected; connections: 0\n"])
    world.advance(10_000)
    #expect(listener.messages.count == 1 && world.timerCount == 0)
  }
}
