import CEpoll
import Foundation
import Simulator
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
    let log = Log(
      level: .info, events: .ofTests, sink: LogOutput(StandardStream(descriptor: writer)))
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

  /// What standard error may be: its end that the log gets, and the end that may be read.
  enum Place: String, CaseIterable, CustomTestStringConvertible {
    case terminal, pipe, pipeThatDoesNotBlock, socket, terminalOfAnother, pipeOfAnother
    var testDescription: String { rawValue }

    /// Only an open file of somebody else's cannot be opened once more.
    var isBorrowed: Bool { self == .terminalOfAnother || self == .pipeOfAnother }

    func open() throws -> (writer: Int32, reader: Int32) {
      var (reader, writer): (Int32, Int32) = (-1, -1)
      var ends: [Int32] = [0, 0]
      switch self {
      case .terminal, .terminalOfAnother:
        try #require(openpty(&reader, &writer, nil, nil, nil) == 0)
        var settings = termios()
        tcgetattr(writer, &settings)
        cfmakeraw(&settings)
        tcsetattr(writer, TCSANOW, &settings)
      case .pipe, .pipeOfAnother, .pipeThatDoesNotBlock:
        try #require(Foundation.pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
        if self == .pipeThatDoesNotBlock { _ = fcntl(writer, F_SETFL, O_NONBLOCK) }
      case .socket:
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        (reader, writer) = (ends[0], ends[1])
      }
      _ = fcntl(reader, F_SETFL, O_NONBLOCK)
      return (writer, reader)
    }
  }

  private static func readAll(_ reader: Int32) -> String {
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Foundation.read(reader, &part, part.count)
      if count <= 0 { return String(decoding: text, as: UTF8.self) }
      text += part[..<count]
    }
  }

  @Test(
    "whatever standard error is, nobody waits for its reader, and the lines that are lost are counted",
    .timeLimit(.minutes(1)), arguments: Place.allCases)
  func neverWaits(place: Place) throws {
    let (writer, reader) = try place.open()
    defer {
      close(writer)
      close(reader)
    }
    let flags = fcntl(writer, F_GETFL)
    let log =
      place.isBorrowed
      ? Log(
        level: .info, events: .ofTests,
        sink: LogOutput(cepoll_standard(fd: writer, way: CEPOLL_BORROWED)))
      : Log(level: .info, events: .ofTests, sink: LogOutput(StandardStream(descriptor: writer)))
    var text = ""
    var count = 0
    for _ in 0..<3 {
      for number in 0..<2_000 {
        log.info("line \(number) \(String(repeating: "x", count: number * 37 % 3_000)).")
        count += 1
      }
      // One line may be cut; its end comes first when there is room again.
      text += Self.readAll(reader)
      log.info("the end.")
      count += 1
      text += Self.readAll(reader)
    }
    log.finish()
    text += Self.readAll(reader)
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
    #expect(lost > 100 && taken > 3 && taken + lost == count)
    // Whoever shares the descriptor finds it as it was.
    #expect(fcntl(writer, F_GETFL) == flags)
  }

  @Test("what a full disk or a closed pipe did not take is counted, and said when there is room")
  func countsWhatFailed() throws {
    let path = NSTemporaryDirectory() + "log-\(UUID().uuidString)"
    let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    try #require(file >= 0)
    unlink(path)
    // The descriptor leads to a full device first, then to the file.
    let writer = open("/dev/full", O_WRONLY | O_CLOEXEC)
    defer {
      close(writer)
      close(file)
    }
    let log = Log(
      level: .info, events: .ofTests, sink: LogOutput(StandardStream(descriptor: writer)))
    for _ in 0..<5 { log.info("lost") }
    try #require(dup2(file, writer) == writer)
    log.info("taken")
    lseek(file, 0, SEEK_SET)
    let lines = Self.readAll(file).split(separator: "\n")
    #expect(lines.count == 2)
    #expect(
      lines.first?.hasSuffix(
        "[warning] 5 log lines were lost: what reads the log did not take them")
        == true)
    #expect(lines.last?.hasSuffix("[info] taken") == true)
  }

  /// The lines that `body` makes a log write to a file.
  private static func lines(_ body: (Log) -> Void) throws -> [String] {
    let path = NSTemporaryDirectory() + "log-\(UUID().uuidString)"
    let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    try #require(file >= 0)
    unlink(path)
    defer { close(file) }
    body(Log(level: .info, events: .ofTests, sink: LogOutput(StandardStream(descriptor: file))))
    lseek(file, 0, SEEK_SET)
    return readAll(file).split(separator: "\n").map(String.init)
  }

  @Test("a secret is hidden on either side of where a line is cut, and so is a piece of it")
  func hidesSecrets() throws {
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789-_")
    var token = ""
    for index in 0..<200 { token.append(letters[(index * index + 7 * index) % letters.count]) }
    for offset in 3_700...4_100 where offset % 23 == 0 {
      let lines = try Self.lines { log in
        log.conceal(token)
        log.info(String(repeating: ".", count: offset) + token + "." + token.prefix(199))
      }
      #expect(lines.count == 1 && !lines[0].contains(token.prefix(12)))
      #expect(!lines[0].contains(token.suffix(12)))
    }
  }

  @Test("a line may be cut anywhere but in a character")
  func cutsAtCharacter() throws {
    for offset in 0..<4 {
      let lines = try Self.lines { log in
        log.info(String(repeating: ".", count: offset) + String(repeating: "€", count: 2_000))
      }
      #expect(lines.first?.hasSuffix("€…") == true && lines.first?.contains("\u{fffd}") == false)
    }
  }

  @Test("a part of a character beside a secret is no part of the line")
  func repairsCharacters() throws {
    let lines = try Self.lines { log in
      log.conceal("päßwörd-€")
      log.info("x päßwörd-\u{20ad} y")
    }
    #expect(lines.first?.hasSuffix("x ***\u{fffd} y") == true)
  }

  @Test(
    "of lines that somebody else can cause at will a burst is written, and the others are counted")
  func limitsLines() throws {
    let lines = try Self.lines { log in
      for _ in 0..<5_000 { log.refuse() }
      log.warning("another")
      log.finish()
    }
    let written = lines.filter { $0.hasSuffix("] refused a connection") }.count
    // A slow machine may take seconds for them.
    #expect((10...60).contains(written) && lines.contains { $0.hasSuffix("[warning] another") })
    var counted = 0
    for line in lines where line.contains("left out") {
      let words = line.split(whereSeparator: { " (".contains($0) })
      counted += words.firstIndex(of: "more").flatMap { Int(words[$0 - 1]) } ?? 0
      if line.contains("] refused") { counted += 1 }
    }
    #expect(written + counted == 5_000)
    #expect(lines.last?.hasSuffix("more lines of connection_refused were left out") == true)
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
