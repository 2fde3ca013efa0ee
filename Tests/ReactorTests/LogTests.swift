import Foundation
import Testing

@testable import Reactor

@Suite("Log")
struct LogTests {
  /// Two connected sockets, of which the first does not block and takes little.
  private static func pair() throws -> (writer: Int32, reader: Int32) {
    var ends: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    var size: Int32 = 4_096
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    try #require(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
    return (ends[0], ends[1])
  }

  /// What is there, up to `countMax` bytes.
  private static func read(_ reader: Int32, _ countMax: Int = 65_536) -> String {
    var bytes = [UInt8](repeating: 0, count: countMax)
    let count = recv(reader, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
  }

  @Test(
    "a standard error that does not block gets whole lines, and the number of those it did not take"
  )
  func keepsLinesWhole() throws {
    let (writer, reader) = try Self.pair()
    defer {
      close(writer)
      close(reader)
    }
    let log = Log(level: .info, stream: StandardStream(descriptor: writer))
    var text = ""
    // Each size of line meets the end of what is taken at another place.
    let count = 2_000
    for number in 0..<count {
      log.info("line \(number) \(String(repeating: "x", count: number * 37 % 3_000)).")
      if number % 7 == 0 { text += Self.read(reader, 2_000) }
    }
    // The end of the last line that was taken may have to wait for one more.
    for _ in 0..<2 {
      while true {
        let more = Self.read(reader)
        if more.isEmpty { break }
        text += more
      }
      log.info("the end.")
    }
    text += Self.read(reader)
    var (taken, lost) = (0, 0)
    for line in text.split(separator: "\n") {
      #expect(line.hasPrefix("[2") && (line.hasSuffix(".") || line.hasSuffix("not take them")))
      #expect(line.components(separatedBy: "] (").count == 2, "two lines in one")
      guard line.hasSuffix("not take them") else {
        taken += 1
        continue
      }
      lost += Int(line.split(separator: "] ").last?.split(separator: " ").first ?? "") ?? 0
    }
    #expect(lost > 100 && taken > 100 && taken + lost == count + 2)
  }

  @Test("what must be written is, however slowly it is taken")
  func writesWhole() throws {
    let (writer, reader) = try Self.pair()
    defer { close(reader) }
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let thread = Thread {
      StandardStream(descriptor: writer).write(bytes)
      close(writer)
    }
    thread.start()
    var received: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 5_000)
    while true {
      let count = recv(reader, &part, part.count, 0)
      if count <= 0 { break }
      received += part[..<count]
      usleep(500)
    }
    #expect(received == bytes)
  }
}
