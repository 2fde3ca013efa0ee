import Basics
import CEpoll
import Foundation
import Simulator
import Testing

@testable import Reactor

@Suite("Log formats")
struct LogFormatTests {
  private static func object(_ line: String?) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data((line ?? "").utf8))
    return try #require(object as? [String: Any])
  }

  @Test(
    "a text has its fields, and of a clause what fits them",
    arguments: [
      (["7", "SSH", "", "gone"], "connection 7 of service SSH is gone"),
      (["7", "", "", "gone"], "connection 7 of the tunnel is gone"),
      (["7", "", "9", "gone"], "connection 7 of the tunnel, with 9 bytes, is gone"),
      (["", "{x}[|]", "", "{y#}"], "connection  of service {x}[|] is {y#}"),
    ])
  func fillsTexts(fields: [String], message: String) {
    let recorder = LogRecorder(events: .ofTests)
    recorder.log.takePlace(
      slot: fields[0], service: fields[1], bytes: fields[2], reason: fields[3])
    #expect(recorder.lines == ["[2026-11-22 17:44:06.673382] (1) [warning] " + message])
  }

  @Test("an object has time, level, event, fields, and the message that text has")
  func writesObjects() throws {
    let recorder = LogRecorder(format: .json, events: .ofTests)
    recorder.log.conceal("a-secret-of-some-length")
    recorder.log.takePlace(
      slot: "7", service: "a\"b\\c\u{7}ä", bytes: "", reason: "a-secret-of-some-length",
      code: "3")
    let object = try Self.object(recorder.lines.first)
    #expect(recorder.lines.count == 1)
    #expect(
      Set(object.keys) == [
        "time", "pid", "level", "event", "slot", "service", "reason", "code", "message",
      ])
    #expect(object["time"] as? String == "2026-11-22T16:44:06.673382Z")
    #expect(object["level"] as? String == "warning" && object["event"] as? String == "place_taken")
    #expect(
      object["slot"] as? Int == 7 && object["code"] as? Int == 3 && object["pid"] as? Int == 1)
    #expect(object["service"] as? String == "a\"b\\c?ä" && object["reason"] as? String == "***")
    #expect(
      object["message"] as? String == "connection 7 of service a\"b\\c?ä is ***")
  }

  @Test("an object fits into a pipe's piece, whatever its fields are, and shows where it was cut")
  func boundsObjects() throws {
    for character in ["\"", "x", "€", "\\"] {
      let recorder = LogRecorder(format: .json, events: .ofTests)
      let long = String(repeating: character, count: 9_000)
      recorder.log.takePlace(slot: "1", service: long, bytes: "2", reason: long)
      let line = try #require(recorder.lines.first)
      #expect(line.utf8.count < 4_096)
      let object = try Self.object(line)
      for name in ["service", "reason", "message"] {
        #expect((object[name] as? String)?.hasSuffix(character + "…") == true, "\(name)")
      }
    }
  }

  @Test("what was left out is a field of the next line of its event, or a line")
  func countsWhatIsLeftOut() throws {
    let recorder = LogRecorder(format: .json, events: .ofTests)
    for _ in 0..<15 { recorder.log.refuse() }
    recorder.now = recorder.now + Milliseconds(1_000)
    // Another line leaves it to the next of its own event.
    recorder.log.info("another")
    recorder.log.refuse()
    for _ in 0..<3 { recorder.log.refuse() }
    recorder.log.finish()
    let objects = try recorder.lines.suffix(2).map { try Self.object($0) }
    #expect(objects[0]["left_out"] as? Int == 5)
    #expect(objects[1]["event"] as? String == "lines_left_out")
    #expect(objects[1]["lines"] as? Int == 3 && objects[1]["level"] as? String == "warning")
    #expect(objects[1]["left_out_event"] as? String == "connection_refused")
  }

  @Test("a terminal gets colours for what matters, by levels")
  func writesColors() {
    let recorder = LogRecorder(.trace, events: .ofTests, hasColors: true)
    recorder.log.fatal("a")
    recorder.log.warning("b")
    recorder.log.info("c")
    recorder.log.trace("d")
    let tags = recorder.lines.map { $0.components(separatedBy: "(1) ")[1] }
    #expect(
      tags == [
        "[\u{1b}[31mfatal\u{1b}[0m] a", "[\u{1b}[33mwarning\u{1b}[0m] b", "[info] c",
        "[\u{1b}[2mtrace\u{1b}[0m] d",
      ])
  }

  /// A journal of the test's own: a datagram socket.
  private static func journal() throws -> (path: String, descriptor: Int32) {
    let path = NSTemporaryDirectory() + "journal-\(UUID().uuidString.prefix(8))"
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let outcome = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(outcome == 0)
    return (path, descriptor)
  }

  private static func receive(_ descriptor: Int32) -> String? {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
  }

  @Test("the journal gets an entry in a datagram, with fields of its own")
  func writesEntries() throws {
    let (path, descriptor) = try Self.journal()
    defer {
      close(descriptor)
      unlink(path)
    }
    let log = Log(
      level: .info, format: .journal, events: .ofTests, sink: try JournalOutput(path: path))
    #expect(Self.receive(descriptor) == "\n")
    log.takePlace(slot: "7", service: "SSH\nPRIORITY=0", bytes: "", reason: "gone")
    #expect(
      Self.receive(descriptor) == """
        PRIORITY=4
        LOCALPROXY_EVENT=place_taken
        LOCALPROXY_SLOT=7
        LOCALPROXY_SERVICE=SSH?PRIORITY=0
        LOCALPROXY_REASON=gone
        MESSAGE=connection 7 of service SSH?PRIORITY=0 is gone

        """)
    // Nobody waits for a journal that takes nothing, and what it did not take is counted.
    for _ in 0..<20_000 { log.info("another") }
    var taken = 0
    while Self.receive(descriptor) != nil { taken += 1 }
    log.info("the last")
    let lost = try #require(Self.receive(descriptor))
    #expect(lost.contains("LOCALPROXY_EVENT=lines_lost\nLOCALPROXY_LINES=\(20_000 - taken)\n"))
    #expect(Self.receive(descriptor)?.hasSuffix("MESSAGE=the last\n") == true)
  }

  @Test("why the program ends is told to a reader that takes nothing until then")
  func keepsLastWords() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let (reader, writer) = (ends[0], ends[1])
    defer {
      close(reader)
      close(writer)
    }
    let log = Log(
      level: .info, events: .ofTests, sink: LogOutput(StandardStream(descriptor: writer)))
    for _ in 0..<3_000 { log.info(String(repeating: "x", count: 100)) }
    log.fatal("the reason")
    log.info("lost, too")
    let thread = Thread {
      usleep(50_000)
      var room = [UInt8](repeating: 0, count: 20_000)
      _ = read(reader, &room, room.count)
    }
    thread.start()
    log.finish()
    var bytes = [UInt8](repeating: 0, count: 200_000)
    let count = read(reader, &bytes, bytes.count)
    let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").suffix(2)
    #expect(lines.first?.hasSuffix("[fatal] the reason") == true)
    #expect(lines.last?.hasSuffix("what reads the log did not take them") == true)
  }

  @Test("in the journal's own stream an object has its priority in front")
  func writesObjectsToJournal() {
    let recorder = LogRecorder(format: .json, events: .ofTests, isJournal: true)
    recorder.log.warning("a")
    #expect(recorder.lines.first?.hasPrefix(#"<4>{"time":"#) == true)
  }

  @Test("a journal that is not there is found out at the start")
  func needsJournal() {
    #expect(throws: SystemError.self) { try JournalOutput(path: "/nonexistent/journal") }
  }
}
