import Basics
import Reactor
import Simulator
import Testing

@testable import Proxy
@testable import Tunnel
@testable import WebSocket

@Suite("TunnelLink's control frames")
struct TunnelLinkControlTests {
  private static let roles: [WebSocketRole] = [.client, .server]

  @Test("a ping is answered with its payload", arguments: roles, [0, 1, 125])
  func answersPing(role: WebSocketRole, length: Int) throws {
    let harness = try LinkHarness(role)
    let payload = [UInt8](repeating: 0x70, count: length)
    harness.arrive(CollectedFrame(opcode: .ping, payload: payload))
    #expect(harness.sentFrames == [CollectedFrame(opcode: .pong, payload: payload)])
    harness.arrive(CollectedFrame(opcode: .pong, payload: payload))
    #expect(harness.sentFrames.count == 1 && harness.ends.isEmpty)
  }

  @Test("of pings that cannot be answered at once only the newest is, before any message")
  func answersNewestPing() throws {
    let harness = try LinkHarness(.client)
    harness.far.fill(FarEnd.roomMark)
    for index in 0..<100 { harness.arrive(CollectedFrame(opcode: .ping, payload: [UInt8(index)])) }
    #expect(harness.far.received.isEmpty && harness.far.interest.contains(.writable))
    #expect(!harness.link.hasRoom)
    harness.far.roomLeft = nil
    #expect(harness.sentFrames == [CollectedFrame(opcode: .pong, payload: [99])])
    #expect(harness.link.hasRoom)
  }

  @Test(
    "a close is answered with its code, and its reason handed on",
    arguments: [
      ([], 1005, ""), ([0x03, 0xe8], 1000, ""), ([0x03, 0xe9, 0x62, 0x79, 0x65], 1001, "bye"),
      ([0x0f, 0xa0, 0xc3, 0xa9], 4000, "é"),
    ] as [([UInt8], UInt16, String)])
  func answersClose(payload: [UInt8], code: UInt16, reason: String) throws {
    for role in Self.roles {
      let harness = try LinkHarness(role)
      harness.arrive(CollectedFrame(opcode: .close, payload: payload))
      #expect(
        harness.sentFrames == [CollectedFrame(opcode: .close, payload: Array(payload.prefix(2)))])
      guard case .closed(CloseCode(rawValue: code), reason: reason)? = harness.ends.first else {
        Issue.record("\(harness.ends)")
        return
      }
      #expect(harness.ends.count == 1 && harness.far.isClosed)
    }
  }

  @Test(
    "a close frame that cannot be is a violation",
    arguments: [
      ([0x03], .protocolError), ([0x03, 0xed], .protocolError), ([0x03, 0xee], .protocolError),
      ([0x00, 0x00], .protocolError), ([0xff, 0xff], .protocolError),
      ([0x03, 0xe8, 0xc3], .invalidPayloadData), ([0x03, 0xe8, 0xff], .invalidPayloadData),
    ] as [([UInt8], CloseCode)])
  func refusesBadClose(payload: [UInt8], code: CloseCode) throws {
    let harness = try LinkHarness(.client)
    harness.arrive(CollectedFrame(opcode: .close, payload: payload))
    #expect(harness.sentCloseCode == code)
    guard case .violation? = harness.ends.first else {
      Issue.record("\(harness.ends)")
      return
    }
  }

  struct Violation: Sendable, CustomTestStringConvertible {
    let name: String
    let octets: [UInt8]
    let code: CloseCode
    var testDescription: String { name }
  }

  private static let violations: [Violation] = [
    Violation(
      name: "a text frame", octets: CollectedFrame(opcode: .text, payload: [0x61]).octets(key: nil),
      code: .unsupportedData),
    Violation(
      name: "an empty text frame", octets: CollectedFrame(opcode: .text).octets(key: nil),
      code: .unsupportedData),
    Violation(
      name: "a masked frame", octets: CollectedFrame(opcode: .binary).octets(to: .server),
      code: .protocolError),
    Violation(name: "reserved bits", octets: [0xc2, 0x00], code: .protocolError),
    Violation(
      name: "a frame above 131076 bytes", octets: [0x82, 0x7f, 0, 0, 0, 0, 0, 2, 0, 5],
      code: .messageTooBig),
    Violation(
      name: "a message that is no proto3",
      octets: CollectedFrame(opcode: .binary, payload: [0, 1, 0x07]).octets(key: nil),
      code: .protocolError),
    Violation(
      name: "a message whose payload is too long",
      octets: CollectedFrame(
        opcode: .binary,
        payload: [0xfc, 0x05, 0x22, 0x81, 0xf8, 0x03] + [UInt8](repeating: 0, count: 64_513)
      ).octets(key: nil), code: .protocolError),
  ]

  @Test("a violation is answered with its close code, and ends the link", arguments: violations)
  func closesOnViolation(_ example: Violation) throws {
    let harness = try LinkHarness(.client)
    let next = CollectedFrame(opcode: .binary, payload: LinkHarness.data([1]))
    harness.far.send(example.octets + next.octets(key: nil))
    #expect(harness.sentCloseCode == example.code && harness.messages.isEmpty)
    guard case .violation(let reason)? = harness.ends.first else {
      Issue.record("\(harness.ends)")
      return
    }
    #expect(!reason.isEmpty && harness.ends.count == 1 && harness.far.isClosed)
  }

  @Test(
    "a close frame for a violation waits for what the stream has not sent yet, and nothing more is read",
    arguments: [3, FarEnd.roomMark - 1, FarEnd.roomMark, 10 * FarEnd.roomMark], [false, true])
  func leavesBehindOthers(unsentByteCount: Int, goesOn: Bool) throws {
    let harness = try LinkHarness(.client)
    harness.far.fill(unsentByteCount)
    let next = CollectedFrame(opcode: .binary, payload: LinkHarness.data([1]))
    harness.far.send([0x83, 0x00] + next.octets(key: nil))
    if goesOn { harness.arrive(next, CollectedFrame(opcode: .close)) }
    harness.link.violate("and another")
    harness.link.resume()
    #expect(harness.ends.isEmpty && !harness.far.isClosed && !harness.link.hasRoom)
    #expect(harness.far.interest == .writable)
    harness.far.roomLeft = nil
    // Whoever goes on has what nobody reads answered with a reset, which overtakes the frame.
    #expect(harness.far.isReset == goesOn)
    if !goesOn {
      #expect(harness.sentCloseCode == .protocolError && harness.sentFrames.count == 1)
    }
    guard case .violation("a frame has a reserved opcode")? = harness.ends.first else {
      Issue.record("\(harness.ends)")
      return
    }
    #expect(harness.ends.count == 1 && harness.messages.isEmpty && harness.far.isClosed)
  }

  @Test("a peer that takes nothing after its violation is left after the closing time-out")
  func leavesAfterTimeout() throws {
    let harness = try LinkHarness(.client)
    harness.far.fill(FarEnd.roomMark)
    harness.far.send([0x83, 0x00])
    harness.world.advance(ClosingHandshake.timeout.count - 1)
    #expect(harness.ends.isEmpty)
    harness.world.advance(1)
    guard case .violation? = harness.ends.first else {
      Issue.record("\(harness.ends)")
      return
    }
    #expect(harness.far.isClosed && harness.world.timerCount == 0 && harness.ends.count == 1)
  }

  @Test("after our close frame a violation is answered with no other")
  func closesOnce() throws {
    let harness = try LinkHarness(.client)
    harness.link.close(.normal, reason: "")
    harness.far.send([0x83, 0x00])
    #expect(harness.sentFrames.count == 1 && harness.sentCloseCode == .normal)
    guard case .violation? = harness.ends.first else {
      Issue.record("\(harness.ends)")
      return
    }
  }

  @Test("messages in front of a violation are shown")
  func showsMessagesBeforeViolation() throws {
    let harness = try LinkHarness(.client)
    let bytes = LinkHarness.data([1])
    harness.far.send(
      CollectedFrame(opcode: .binary, payload: bytes).octets(key: nil) + [0x83, 0x00])
    #expect(harness.messages == LinkHarness.split(bytes))
    #expect(harness.sentCloseCode == .protocolError)
  }

  @Test("a handler's complaint closes the WebSocket")
  func closesOnComplaint() throws {
    let harness = try LinkHarness(.client)
    harness.disposition = { _ in
      harness.link.violate("this will not do")
      return .next
    }
    let bytes = LinkHarness.data([1]) + LinkHarness.data([2])
    harness.arrive(CollectedFrame(opcode: .binary, payload: bytes))
    #expect(harness.messages.count == 1 && harness.ends.count == 1)
    #expect(harness.sentCloseCode == .protocolError)
  }

  @Test("our close waits for the peer's, and what comes before it is not shown", arguments: roles)
  func closes(role: WebSocketRole) throws {
    let harness = try LinkHarness(role)
    harness.link.close(.normal, reason: String(repeating: "r", count: 200))
    let frame = try #require(harness.sentFrames.last)
    #expect(harness.sentCloseCode == .normal && frame.payload.count == 125)
    #expect(!harness.link.hasRoom && harness.ends.isEmpty && !harness.far.isClosed)
    harness.arrive(
      CollectedFrame(opcode: .binary, payload: LinkHarness.data([1])),
      CollectedFrame(opcode: .close, payload: [0x03, 0xe8]))
    guard case .completed? = harness.ends.first else {
      Issue.record("\(harness.ends)")
      return
    }
    #expect(harness.messages.isEmpty && harness.ends.count == 1 && harness.sentFrames.count == 1)
  }

  @Test("a close that is not answered completes after its time-out")
  func closeTimesOut() throws {
    let harness = try LinkHarness(.client)
    harness.link.close(.normal, reason: "")
    harness.world.advance(ClosingHandshake.timeout.count - 1)
    #expect(harness.ends.isEmpty)
    harness.world.advance(1)
    guard case .completed? = harness.ends.first else {
      Issue.record("\(harness.ends)")
      return
    }
  }

  @Test("the end of the stream without a close is a failure")
  func failsWithoutClose() throws {
    for (end, reason) in [
      ({ $0.finish() }, "the connection was cut"),
      ({ $0.finishBelowTLS() }, "the connection was cut"),
      ({ $0.reset() }, "Connection reset by peer"),
    ] as [((FarEnd) -> Void, String)] {
      let harness = try LinkHarness(.client)
      end(harness.far)
      guard case .failed(let failure)? = harness.ends.first else {
        Issue.record("\(harness.ends)")
        return
      }
      #expect(failure.reason == reason && harness.far.isClosed)
    }
  }

  @Test("an abandoned link says nothing more")
  func abandons() throws {
    let harness = try LinkHarness(.client, pingPeriod: Milliseconds(1))
    harness.link.abandon()
    harness.arrive(CollectedFrame(opcode: .close))
    harness.world.advance(10)
    #expect(harness.ends.isEmpty && harness.far.isClosed && harness.far.received.isEmpty)
  }

  @Test("a peer that is silent for three ping periods is dead, one that answers is not")
  func noticesSilence() throws {
    for answers in [false, true] {
      let harness = try LinkHarness(.client, pingPeriod: Milliseconds(10))
      let start = harness.world.time
      var seen = 0
      while harness.ends.isEmpty && seen <= 5 && harness.world.time < start + 5_000 {
        harness.world.advance(10)
        let pings = harness.sentFrames.filter { $0.opcode == .ping }
        if answers, pings.count > seen {
          harness.arrive(CollectedFrame(opcode: .pong, payload: pings[seen].payload))
        }
        seen = pings.count
      }
      if answers {
        #expect(harness.ends.isEmpty && seen > 5)
      } else {
        guard case .silent? = harness.ends.first else {
          Issue.record("\(harness.ends)")
          return
        }
        #expect(seen >= 2 && (30...40).contains(harness.world.time - start))
      }
      harness.link.abandon()
    }
  }

  @Test("while we pause by our own choice, silence says nothing about the peer")
  func suspendsWhilePaused() throws {
    let harness = try LinkHarness(.client, pingPeriod: Milliseconds(5))
    harness.disposition = { _ in .pause }
    harness.arrive(CollectedFrame(opcode: .binary, payload: LinkHarness.data([1])))
    harness.world.advance(80)
    #expect(harness.ends.isEmpty)
    harness.link.abandon()
  }

  @Test("a peer that holds us off is given more than three periods, not more than its patience")
  func outlivesBackPressure() throws {
    for isHoldingOff in [true, false] {
      let harness = try LinkHarness(.client, pingPeriod: Milliseconds(20))
      if isHoldingOff { harness.far.reads = false } else { harness.world.halt() }
      let message = LinkHarness.data([UInt8](repeating: 1, count: 60_000))
      // More than the peer's system has room for, where that answers.
      for _ in 0..<(isHoldingOff ? 20 : 1) {
        harness.link.send(encoded: message.span)
        harness.world.settle()
      }
      #expect(harness.link.transportState.isHoldingOff == isHoldingOff)
      let start = harness.world.time
      while harness.ends.isEmpty && harness.world.time < start + 20_000 { harness.world.advance(5) }
      #expect(harness.ends.count == 1)
      #expect(harness.world.time - start >= (isHoldingOff ? 200 : 60))
    }
  }
}
