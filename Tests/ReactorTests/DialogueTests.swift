import Basics
import CEpoll
import Foundation
import Testing

@testable import Reactor

@Suite("Dialogue")
struct DialogueTests {
  private static let lineMax = Dialogue.lineByteCountMax

  /// Answers each line with itself, behind its number.
  private final class Echo: DialogueHandler {
    var lines: [String?] = []
    var isOver = false
    /// Of each answer, behind the line.
    var padding = ""

    func answer(to line: [UInt8]?) -> String {
      lines.append(line.map { String(decoding: $0, as: UTF8.self) })
      return "\(lines.count) \(padding)\n"
    }

    func dialogueEnded() { isOver = true }
  }

  /// A dialogue between two pipes.
  private final class Scene {
    let reactor: Reactor
    let echo = Echo()
    let dialogue: Dialogue
    private var ask: Int32
    private let hear: Int32
    private let others: [Int32]

    init() throws {
      reactor = try Reactor()
      var questions: [Int32] = [0, 0]
      var answers: [Int32] = [0, 0]
      try #require(Foundation.pipe(&questions) == 0 && Foundation.pipe(&answers) == 0)
      (ask, hear) = (questions[1], answers[0])
      others = [questions[0], answers[1]]
      try #require(fcntl(hear, F_SETFL, O_NONBLOCK) == 0)
      dialogue = try #require(
        Dialogue(reactor: reactor, handler: echo, input: questions[0], output: answers[1]))
    }

    deinit {
      end()
      for descriptor in others + [hear] { close(descriptor) }
    }

    func write(_ text: String) {
      let octets = Array(text.utf8)
      #expect(Foundation.write(ask, octets, octets.count) == octets.count)
    }

    func end() {
      if ask >= 0 { close(ask) }
      ask = -1
    }

    func read() -> String {
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = Foundation.read(hear, &bytes, bytes.count)
      return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }

    func turn(_ count: Int = 4) throws {
      for _ in 0..<count { try reactor.turn(waitMax: Milliseconds(1)) }
    }
  }

  @Test(
    "lines come whole, however they are written",
    arguments: [
      (["one\n"], ["one"]), (["one\ntwo\n\nthree\n"], ["one", "two", "", "three"]),
      (["o", "n", "e\ntw", "o\n"], ["one", "two"]), (["one\r\ntwo\n"], ["one", "two"]),
      ([String(repeating: "x", count: lineMax), "\n"], [String(repeating: "x", count: lineMax)]),
    ])
  func splitsLines(pieces: [String], lines: [String]) throws {
    let scene = try Scene()
    for piece in pieces {
      scene.write(piece)
      try scene.turn()
    }
    #expect(scene.echo.lines == lines)
    #expect(scene.read() == (1...lines.count).map { "\($0) \n" }.joined())
    #expect(!scene.echo.isOver)
  }

  @Test(
    "a line that is too long is said to be, once, and the next one counts",
    arguments: [lineMax + 1, lineMax * 2, lineMax * 3 + 17, 50_000])
  func limitsLines(byteCount: Int) throws {
    let scene = try Scene()
    scene.write(String(repeating: "x", count: byteCount) + "\nnext\n")
    try scene.turn(byteCount / Self.lineMax + 6)
    #expect(scene.echo.lines == [nil, "next"])
  }

  @Test("the end is told after the last line, which may lack its own", arguments: ["\n", ""])
  func ends(end: String) throws {
    let scene = try Scene()
    scene.write("one\nlast" + end)
    scene.end()
    try scene.turn()
    #expect(scene.echo.lines == ["one", "last"] && scene.echo.isOver)
    // What has ended is ready for ever; nothing of it is left in the loop.
    #expect(scene.reactor.registrationCount == 0)
  }

  @Test("nothing is asked for before the last answer is out, and the loop goes on")
  func waitsForTheReader() throws {
    let scene = try Scene()
    scene.echo.padding = String(repeating: "y", count: 100_000)
    scene.write("one\ntwo\n")
    try scene.turn()
    scene.write("three\n")
    scene.end()
    try scene.turn(20)
    #expect(scene.echo.lines == ["one"])
    var heard = ""
    let deadline = scene.reactor.now + Milliseconds(10_000)
    while !scene.echo.isOver && scene.reactor.now < deadline {
      heard += scene.read()
      try scene.turn(1)
    }
    heard += scene.read()
    #expect(scene.echo.lines == ["one", "two", "three"])
    #expect(heard == (1...3).map { "\($0) \(scene.echo.padding)\n" }.joined())
  }

  @Test("an answer that nobody can read any more is dropped")
  func losesItsReader() throws {
    cepoll_prepare_standard_streams()
    let reactor = try Reactor()
    let echo = Echo()
    var questions: [Int32] = [0, 0]
    var answers: [Int32] = [0, 0]
    try #require(Foundation.pipe(&questions) == 0 && Foundation.pipe(&answers) == 0)
    let dialogue = Dialogue(
      reactor: reactor, handler: echo, input: questions[0], output: answers[1])
    close(answers[0])
    #expect(Foundation.write(questions[1], "one\ntwo\n", 8) == 8)
    for _ in 0..<4 { try reactor.turn(waitMax: Milliseconds(1)) }
    #expect(echo.lines == ["one", "two"] && dialogue != nil)
    for descriptor in questions + answers[1...] { close(descriptor) }
  }

  @Test(
    "what is neither a pipe nor a terminal of this process's is not read",
    arguments: ["/dev/null", "/dev/zero", #filePath])
  func takesPipesAlone(path: String) throws {
    let reactor = try Reactor()
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    #expect(Dialogue(reactor: reactor, handler: Echo(), input: descriptor, output: 1) == nil)
    #expect(reactor.registrationCount == 0)
  }
}
