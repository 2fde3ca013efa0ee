import Basics
import Foundation
import Testing

@testable import Reactor

@Suite("LineInput")
struct LineInputTests {
  private static let lineMax = 8_000

  private final class Recorder: LineHandler {
    private(set) var lines: [String?] = []
    private(set) var errors: [SystemError] = []

    func received(line: [UInt8]?) { lines.append(line.map { String(decoding: $0, as: UTF8.self) }) }
    func inputEnded() {}
    func inputFailed(_ error: SystemError) { errors.append(error) }
  }

  /// A named pipe, and who reads it.
  private final class Scene {
    let reactor: Reactor
    let recorder = Recorder()
    let path = NSTemporaryDirectory() + "/line-input-" + UUID().uuidString
    private(set) var input: LineInput?

    init() throws {
      reactor = try Reactor()
      try #require(mkfifo(path, 0o600) == 0)
      input = try LineInput(
        reactor: reactor, path: path, lineByteCountMax: LineInputTests.lineMax, handler: recorder)
    }

    deinit {
      input?.close()
      unlink(path)
    }

    /// Somebody opens the pipe, writes, and goes.
    func write(_ text: String) throws {
      let writer = try #require(FileHandle(forWritingAtPath: path))
      try writer.write(contentsOf: Data(text.utf8))
      try writer.close()
    }

    func wait(for count: Int) throws {
      #expect(try reactor.turn { recorder.lines.count >= count })
      _ = try reactor.turns(for: Milliseconds(50))
    }
  }

  @Test("lines of one writer, and of the next, and of the one after that")
  func readsLines() throws {
    let scene = try Scene()
    try scene.write("one\ntwo\r\n\n")
    try scene.wait(for: 3)
    try scene.write("three\nfour")
    try scene.wait(for: 5)
    try scene.write("five\n")
    try scene.wait(for: 6)
    #expect(scene.recorder.lines == ["one", "two", "", "three", "four", "five"])
  }

  @Test("a pipe without a writer wakes nobody up")
  func waitsQuietly() throws {
    let scene = try Scene()
    #expect(try scene.reactor.turns(for: Milliseconds(300)) <= 3)
    try scene.write("one\n")
    try scene.wait(for: 1)
    #expect(try scene.reactor.turns(for: Milliseconds(300)) <= 3)
  }

  @Test("what a writer leaves while nobody looks is read")
  func readsLeftovers() throws {
    let scene = try Scene()
    for number in 0..<20 { try scene.write("\(number)\n") }
    try scene.wait(for: 20)
    #expect(scene.recorder.lines == (0..<20).map { "\($0)" })
  }

  @Test("the longest line is taken, and a longer one is not, nor what follows in it")
  func limitsLines() throws {
    let scene = try Scene()
    let longest = String(repeating: "x", count: Self.lineMax)
    try scene.write(longest + "\n")
    try scene.wait(for: 1)
    try scene.write(longest + "y\nnext\n")
    try scene.wait(for: 3)
    try scene.write(longest + "y" + longest + longest + "\nlast\n")
    try scene.wait(for: 5)
    #expect(scene.recorder.lines == [longest, nil, "next", nil, "last"])
  }

  @Test("a pipe that is gone is said once, and read again when it is there")
  func comesBack() throws {
    let scene = try Scene()
    let writer = try #require(FileHandle(forWritingAtPath: scene.path))
    unlink(scene.path)
    try writer.close()
    #expect(try scene.reactor.turn { !scene.recorder.errors.isEmpty })
    _ = try scene.reactor.turns(for: Milliseconds(2_200))
    #expect(scene.recorder.errors.map(\.code) == [ENOENT])
    try #require(mkfifo(scene.path, 0o600) == 0)
    // Opening waits for the reader, who comes within a second.
    let path = scene.path
    Thread.detachNewThread {
      let writer = FileHandle(forWritingAtPath: path)
      try? writer?.write(contentsOf: Data("back\n".utf8))
      try? writer?.close()
    }
    try scene.wait(for: 1)
    #expect(scene.recorder.lines == ["back"])
  }

  @Test(
    "what is no named pipe is refused",
    arguments: [
      ("/etc/passwd", "it is no named pipe (mkfifo)"), ("/no/such", "No such file or directory"),
    ])
  func refusesOthers(path: String, reason: String) throws {
    let reactor = try Reactor()
    do {
      _ = try LineInput(
        reactor: reactor, path: path, lineByteCountMax: 1, handler: Recorder())
      Issue.record("it was taken")
    } catch {
      #expect(error.reason == reason)
    }
  }
}
