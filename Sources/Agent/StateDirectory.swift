import AgentCore
import Basics
import Reactor

/// The localproxies that outlive their agent: a file for each, called like its process. In it stand when that was started,
/// by which another process of the same number is told from it, and the tag of its token.
struct StateDirectory {
  struct Entry {
    let process: Int32
    let startTime: Int64
    let tag: TokenTag
  }

  static let entryCountMax = 256
  private static let fileByteCountMax = 128

  private let path: String

  /// Makes it where there is none. It must be nobody else's to write in.
  init(_ path: String) throws(UsageError) {
    self.path = path
    try Self.check(path, makes: true)
  }

  static func check(_ path: String, makes: Bool = false) throws(UsageError) {
    do throws(SystemError) {
      if makes { try Process.makeDirectory(path, mode: 0o700) }
      try File.checkDirectory(path)
    } catch {
      throw UsageError(
        "--state-directory '%': %; mend that, or choose another", with: path.excerpt, error.reason)
    }
  }

  private func file(_ process: Int32) -> String { "%/%".with(path, Int(process).decimal) }

  func add(_ entry: Entry) throws(SystemError) {
    let text = "% %\n".with(entry.startTime.decimal, entry.tag.text)
    try File.replace(file(entry.process), text.octets, mode: 0o600)
  }

  func remove(_ process: Int32) { try? File.remove(file(process)) }

  /// Those that still run; what is left of others is removed.
  /// - Parameter dropped: hears of files that are not the agent's, though they have a process's number as their name.
  func running(_ dropped: (_ file: String) -> Void = { _ in }) -> [Entry] {
    var entries: [Entry] = []
    for file in (try? File.entries(of: path, countMax: Self.entryCountMax)) ?? [] {
      guard let number = file.name.number, let process = Int32(exactly: number), process > 1 else {
        continue
      }
      let entry = read(process)
      if let entry, Process.startTime(of: process) == entry.startTime {
        entries.append(entry)
        continue
      }
      if entry == nil { dropped(self.file(process)) }
      remove(process)
    }
    return entries
  }

  private func read(_ process: Int32) -> Entry? {
    guard let content = try? File.read(file(process), byteCountMax: Self.fileByteCountMax) else {
      return nil
    }
    let words = Array(content.bytes[...].trimmed).parted(at: .space)
    guard words.count == 2, let startTime = words[0].text.number else { return nil }
    return Entry(process: process, startTime: startTime, tag: TokenTag(words[1].text))
  }
}
