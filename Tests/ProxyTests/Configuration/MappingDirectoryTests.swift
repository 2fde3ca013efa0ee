import Foundation
import Testing

@testable import Configuration
@testable import Tunnel

@Suite("Mapping directory")
struct MappingDirectoryTests {
  private func read(
    _ folder: Folder, _ role: TunnelRole = .source
  ) -> (found: [[String]], warnings: [String]) {
    var warnings = Warnings()
    var directory = MappingDirectory(role: role)
    directory.read(folder.path, warnings: &warnings)
    let found = directory.mappings.map { [$0.serviceID ?? "", $0.address.description] }
    return (found, warnings.texts)
  }

  @Test("the reference's examples say what they say there")
  func readsExamples() throws {
    let folder = try Folder()
    try folder.write("SSHSource.ini", "\u{feff}SSH1=3333\nSSH2=5555\n")
    #expect(read(folder).found == [["SSH1", ":3333"], ["SSH2", ":5555"]])
    let other = try Folder()
    try other.write("SSHDestination.ini", "SSH1=22\r\nSSH2=10.0.0.1:80")
    #expect(
      read(other, .destination).found == [["SSH1", "localhost:22"], ["SSH2", "10.0.0.1:80"]])
  }

  @Test("every file below is read in the order of the names, and the first mapping counts")
  func readsTree() throws {
    let folder = try Folder()
    try folder.write("c", "SSH1=3\nLAST=9")
    try folder.write("b/2", "SSH1=2\nTWO=2")
    try folder.write("b/1/x", "SSH1=1")
    try folder.write("a", "; comment\n# another\n[section]\nSOCK = /run/a#b.sock\n")
    let (found, warnings) = read(folder)
    #expect(
      found == [["SOCK", "/run/a#b.sock"], ["SSH1", ":1"], ["TWO", ":2"], ["LAST", ":9"]])
    #expect(warnings.isEmpty)
  }

  @Test(
    "a broken file is left out whole, with a warning that names file and line",
    arguments: [
      ("GOOD=1\nnonsense", "broken, line 2", "KEY = VALUE"), ("\n\n=1", "broken, line 3", "KEY"),
      ("GOOD=1\nSSH1=port", "broken, line 2", "'port'"), ("SSH1=", "broken, line 1", "port"),
      ("SSH1=70000", "broken, line 1", "70000"), ("SSH1=-", "broken, line 1", "for -s alone"),
      ("SSH1=h", "broken, line 1", "'h'"),
      (String(repeating: "n", count: 129) + "=1", "broken, line 1", "128"),
      (String(repeating: ";", count: OptionValues.fileByteCountMax + 1), "broken", "too large"),
    ])
  func leavesOutBroken(text: String, position: String, reason: String) throws {
    let folder = try Folder()
    try folder.write("broken", text)
    try folder.write("good", "SSH1=1")
    let (found, warnings) = read(folder)
    #expect(found == [["SSH1", ":1"]])
    #expect(warnings.count == 1 && warnings[0].contains(position) && warnings[0].contains(reason))
  }

  @Test("a file whose name is not UTF-8 is left out with a warning that says so")
  func leavesOutOddNames() throws {
    let folder = try Folder()
    try folder.write("good", "SSH1=1")
    let odd =
      Array("\(folder.path)/caf".utf8.map { CChar(bitPattern: $0) }) + [CChar(bitPattern: 0xe9), 0]
    let file = try #require(fopen(odd, "w"))
    fclose(file)
    let (found, warnings) = read(folder)
    #expect(found == [["SSH1", ":1"]])
    #expect(warnings.count == 1 && warnings[0].contains("not UTF-8"))
  }

  @Test("links to files are followed, those to directories are not")
  func followsLinks() throws {
    let folder = try Folder()
    let target = try Folder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/file", withDestinationPath: try target.write("x", "SSH1=1"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/loop", withDestinationPath: folder.path)
    #expect(read(folder).found == [["SSH1", ":1"]])
  }

  @Test("directories are read down to a depth")
  func boundsDepth() throws {
    let folder = try Folder()
    let names = (0...MappingDirectory.depthMax).map { "d\($0)" }
    try folder.write(names.dropLast().joined(separator: "/") + "/x", "DEEP=1")
    try folder.write(names.joined(separator: "/") + "/x", "DEEPER=2")
    let (found, warnings) = read(folder)
    #expect(found == [["DEEP", ":1"]])
    #expect(warnings.count == 1 && warnings[0].contains("d8 is left out: it lies deeper than 8"))
  }

  @Test("mappings, files, directories and bytes are bounded in all, files also in one directory")
  func boundsCounts() throws {
    let many = try Folder()
    for number in 0...2 {
      let lines = (0..<2_000).map { "s\(number).\($0)=1" }
      try many.write("\(number)", lines.joined(separator: "\n"))
    }
    let (mappings, manyWarnings) = read(many)
    #expect(mappings.count == MappingDirectory.mappingCountMax)
    #expect(manyWarnings.count == 1 && manyWarnings[0].contains("/2: what is beyond 4096 mappings"))

    let wide = try Folder()
    for number in 0..<(MappingDirectory.entryCountMax + 1) { try wide.write("\(number)", "") }
    #expect(read(wide).warnings.map { $0.contains("beyond 1024 files") } == [true])

    let files = try Folder()
    for number in 0..<(MappingDirectory.fileCountMax + 1) {
      try files.write("\(number % 2)/\(number)", "s\(number)=1")
    }
    let (fileMappings, fileWarnings) = read(files)
    #expect(fileMappings.count == MappingDirectory.fileCountMax)
    #expect(fileWarnings.count == 1 && fileWarnings[0].contains("more than 1024 files"))

    let directories = try Folder()
    for number in 0...MappingDirectory.directoryCountMax {
      try directories.write("\(number)/x", "s\(number)=1")
    }
    let (found, warnings) = read(directories)
    #expect(found.count == MappingDirectory.directoryCountMax)
    #expect(warnings.count == 1 && warnings[0].contains("more than 256 directories"))

    let large = try Folder()
    let comment = String(repeating: ";", count: OptionValues.fileByteCountMax - 7) + "\n"
    for number in 10...74 { try large.write("\(number)", comment + "s\(number)=1\n") }
    let (inLarge, largeWarnings) = read(large)
    #expect(inLarge.count == 64)
    #expect(
      largeWarnings.count == 1
        && largeWarnings[0].contains("/74: the files have more than 4194304 bytes in all"))
  }
}
