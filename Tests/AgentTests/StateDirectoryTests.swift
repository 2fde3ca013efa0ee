import Foundation
import Reactor
import Testing

@testable import Agent
@testable import AgentCore

@Suite("State directory")
struct StateDirectoryTests {
  private final class Scene {
    let path = NSTemporaryDirectory() + "/agent-state-" + UUID().uuidString
    let directory: StateDirectory

    init() throws { directory = try StateDirectory(path) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var files: [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }

    func write(_ name: String, _ text: String) throws {
      try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
    }
  }

  private static let own = getpid()

  @Test("a process that runs is found again, by its tag, and its file is nobody else's")
  func findsRunning() throws {
    let scene = try Scene()
    let startTime = try #require(Process.startTime(of: Self.own))
    try scene.directory.add(.init(process: Self.own, startTime: startTime, tag: TokenTag("t")))
    let found = scene.directory.running()
    #expect(found.map(\.process) == [Self.own])
    #expect(found.map(\.tag.text) == ["t"])
    for path in [scene.path, scene.path + "/\(Self.own)"] {
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(try #require(mode) & 0o077 == 0)
    }
    scene.directory.remove(Self.own)
    #expect(scene.files.isEmpty)
  }

  @Test(
    "what is stale, or broken, is removed",
    arguments: [
      (own, "1 tag"), (own, ""), (own, "x y"), (own, "tag"), (own, "1 2 3"), (Int32.max, "1 tag"),
      (own, String(repeating: "1", count: 200)),
    ])
  func removesStale(process: Int32, text: String) throws {
    let scene = try Scene()
    try scene.write("\(process)", text)
    var dropped: [String] = []
    let running = scene.directory.running { dropped.append($0) }
    #expect(running.isEmpty && scene.files.isEmpty)
    // What the agent did not write itself is told of.
    let isAgents = text.wholeMatch(of: /[0-9]{1,18} \S+/) != nil
    #expect(dropped == (isAgents ? [] : ["\(scene.path)/\(process)"]))
  }

  @Test("files of others are left alone", arguments: ["notes", "-5", "0", "1", "99999999999"])
  func leavesOthers(name: String) throws {
    let scene = try Scene()
    try scene.write(name, "1 tag")
    #expect(scene.directory.running().isEmpty)
    #expect(scene.files == [name])
  }

  @Test("so many files are looked at, and no more")
  func isBounded() throws {
    let scene = try Scene()
    for number in 0..<(StateDirectory.entryCountMax + 44) {
      try scene.write("\(Int32.max - Int32(number))", "1 tag")
    }
    #expect(scene.directory.running().isEmpty)
    #expect(scene.files.count == 44)
  }

  @Test("a directory that others may write to is refused")
  func refusesOpen() throws {
    let scene = try Scene()
    chmod(scene.path, 0o777)
    do {
      _ = try StateDirectory(scene.path)
      Issue.record("it was taken")
    } catch {
      #expect(error.message.hasSuffix("everybody may write to it; mend that, or choose another"))
    }
  }
}
