import CEpoll
import Foundation
import Reactor
import Testing

@testable import Configuration

@Suite("Option values")
struct OptionValuesTests {
  private func read(_ text: String, mode: Int = 0o600) throws -> (OptionValues, [String]) {
    let folder = try Folder()
    var values = OptionValues()
    var warnings = Warnings()
    try values.addFile(try folder.write("config.ini", text, mode: mode), warnings: &warnings)
    return (values, warnings.texts)
  }

  @Test("a file has options by their long names, comments and blank lines")
  func readsFile() throws {
    let (values, warnings) = try read(
      """
      \u{feff}# comment
      region = us-east-1   # and one behind
      ; another

      source-listen-port=SSH1=5555,HTTP1 = 80\r
      \tlocal-bind-address\t=\t::1\t
      no-ssl-host-verify = on
      client-token =
      """)
    #expect(warnings.isEmpty)
    #expect(values[.region]?.text == "us-east-1")
    #expect(values[.sourceListenPort]?.text == "SSH1=5555,HTTP1 = 80")
    #expect(values[.localBindAddress]?.text == "::1")
    #expect(try values[.noSSLHostVerify]?.flag() == true)
    #expect(values[.clientToken]?.text == "")
    #expect(values[.proxyEndpoint] == nil)
    let label = values[.localBindAddress]?.label ?? ""
    #expect(label.hasSuffix("config.ini, line 6: local-bind-address"))
  }

  @Test(
    "a flag in a file is true or false, in letters of either case",
    arguments: [
      ("true", true), ("yes", true), ("on", true), ("1", true), ("TRUE", true), ("Yes", true),
      ("oN", true), ("false", false), ("no", false), ("off", false), ("0", false),
      ("FALSE", false), ("No", false), ("OFF", false),
    ])
  func readsFlag(text: String, isSet: Bool) throws {
    let (values, _) = try read("no-ssl-host-verify = \(text)")
    #expect(try values[.noSSLHostVerify]?.flag() == isSet)
  }

  @Test(
    "a flag in a file that says neither is an error: file, line, name and what is allowed",
    arguments: ["", "maybe", "2", "true x", "tru", "truee"])
  func refusesFlag(text: String) throws {
    let (values, _) = try read("verbose = 5\nno-ssl-host-verify = \(text)")
    #expect {
      _ = try values[.noSSLHostVerify]?.flag()
    } throws: { error in
      isUsageError(
        error, naming: "config.ini, line 2: no-ssl-host-verify '\(text)'",
        "true, yes, on, 1, false, no, off, 0")
    }
  }

  @Test("a flag on the command line has no value, and is true")
  func readsBareFlag() throws {
    #expect(try configure([.noSSLHostVerify: ""]).verifiesPeer == false)
  }

  @Test(
    "what a file cannot say is an error that names file and line",
    arguments: [
      ("nonsense = 1", 1, "'nonsense'"), ("\nregion us-east-1", 2, "KEY = VALUE"),
      ("= x", 1, "KEY = VALUE"), ("[section]", 1, "KEY = VALUE"), ("r = us-east-1", 1, "'r'"),
      ("region = a\nregion = b", 2, "'region' is given twice"), ("help = true", 1, "'help'"),
      ("version = 1", 1, "'version'"), ("config = x", 1, "'config'"),
      ("export-default-settings = x", 1, "'export-default-settings'"),
      ("export-settings-json = x", 1, "'export-settings-json'"),
      ("region = a\u{0}b", 1, "KEY = VALUE"), ("Region = a", 1, "'Region'"),
    ])
  func refusesFile(text: String, line: Int, named: String) {
    #expect {
      _ = try read(text)
    } throws: { error in
      isUsageError(error, naming: "config.ini, line \(line): ", named)
    }
  }

  @Test("what is not UTF-8 is refused with its line, but for comments: a path would be another")
  func refusesOtherEncodings() throws {
    let folder = try Folder()
    var values = OptionValues()
    var warnings = Warnings()
    let comment = Data("# caf\u{e9}\nregion = x\n".unicodeScalars.map { UInt8($0.value) })
    try values.addFile(try folder.write("config.ini", comment), warnings: &warnings)
    #expect(values[.region]?.text == "x")
    let path = Data("# one\ncapath = /caf\u{e9}\n".unicodeScalars.map { UInt8($0.value) })
    let file = try folder.write("config.ini", path)
    #expect {
      try values.addFile(file, warnings: &warnings)
    } throws: { error in
      isUsageError(error, naming: "config.ini, line 2: ", "UTF-8")
    }
  }

  @Test("a malformed line is not repeated: it may have a token in it")
  func keepsSecret() {
    #expect {
      _ = try read("access-token s3cret")
    } throws: { error in
      isUsageError(error, naming: "line 1") && !isUsageError(error, naming: "s3cret")
    }
  }

  @Test("a file that is not there, no file, or too large is named with the reason")
  func refusesUnreadable() throws {
    let folder = try Folder()
    let large = try folder.write(
      "large", String(repeating: "#", count: OptionValues.fileByteCountMax + 1))
    try folder.write("full", String(repeating: "#", count: OptionValues.fileByteCountMax))
    var warnings = Warnings()
    var values = OptionValues()
    try values.addFile(folder.path + "/full", warnings: &warnings)
    for (path, reason) in [
      ("/nonexistent", "No such file"), (folder.path, "directory"), (large, "too large"),
    ] {
      #expect {
        try values.addFile(path, warnings: &warnings)
      } throws: { error in
        isUsageError(error, naming: "--config '\(path)'", reason)
      }
    }
  }

  @Test("a named pipe without a writer is an error, not waited for; so is what is no file")
  func refusesPipes() throws {
    let folder = try Folder()
    let pipe = folder.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let socket = folder.path + "/socket"
    let listener = try #require(Optional(cepoll_socket(0)))
    defer { close(listener) }
    var file = cepoll_file()
    #expect(cepoll_listen_on_path(listener, socket, 0, 1, &file) == 0)
    let reasons = [
      (pipe, "a pipe that nobody has open"), (socket, "neither a file nor a pipe"),
    ]
    for (path, reason) in reasons {
      var warnings = Warnings()
      var values = OptionValues()
      #expect {
        try values.addFile(path, warnings: &warnings)
      } throws: { error in
        isUsageError(error, naming: "--config '\(path)'", reason)
      }
      for option in [Option.settingsJSON, .accessTokenFile] {
        #expect {
          _ = try configure([.accessToken: nil, option: path])
        } throws: { error in
          isUsageError(error, naming: "'\(path)' cannot be read", reason)
        }
      }
    }
  }

  @Test("a pipe with a writer is read to its end, however slowly it comes")
  func readsPipe() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let (reader, writer) = (ends[0], ends[1])
    defer { close(reader) }
    let thread = Thread {
      for piece in ["region", " = us-", "east-1\n"] {
        usleep(20_000)
        _ = piece.withCString { write(writer, $0, strlen($0)) }
      }
      close(writer)
    }
    thread.start()
    var warnings = Warnings()
    var values = OptionValues()
    try values.addFile("/dev/fd/\(reader)", warnings: &warnings)
    #expect(values[.region]?.text == "us-east-1")
    try values.addFile("/dev/null", warnings: &warnings)
  }

  @Test("a token in a file that others can read is warned about, without the token")
  func warnsOfToken() throws {
    let (_, warnings) = try read("access-token = s3cret", mode: 0o604)
    #expect(warnings.count == 1 && warnings[0].contains("config.ini"))
    #expect(warnings.allSatisfy { !$0.contains("s3cret") })
    #expect(try read("access-token = s3cret", mode: 0o640).1.isEmpty)
    #expect(try read("region = x", mode: 0o644).1.isEmpty)
  }

  @Test("the higher layer counts; within the command line the last")
  func prefersHigherLayer() {
    var values = OptionValues()
    values.add(.region, "first", label: "--region", layer: .commandLine)
    values.add(.region, "last", label: "--region", layer: .commandLine)
    values.add(.region, "file", label: "file", layer: .file)
    values.add(.verbose, "5", label: "file", layer: .file)
    values.add(.verbose, "6", label: "variable", layer: .environment)
    values.add(.mode, "src", label: "variable", layer: .environment)
    #expect(values[.region]?.text == "last")
    #expect(values[.verbose]?.text == "5" && values[.verbose]?.label == "file")
    #expect(values[.mode]?.text == "src")
  }

  @Test("two that exclude each other do so wherever they are given, and both places are named")
  func excludesAcrossLayers() {
    var values = given([.proxyEndpoint: "host", .mode: "src", .accessToken: "x"])
    values.add(.region, "us-east-1", label: "AWSIOT_TUNNEL_REGION", layer: .environment)
    #expect {
      _ = try Configuration(values)
    } throws: { error in
      isUsageError(error, naming: "--proxy-endpoint and AWSIOT_TUNNEL_REGION exclude")
    }
  }

  @Test("mistakes are bounded")
  func boundsMistakes() throws {
    #expect {
      _ = try read(String(repeating: "x\n", count: Mistakes.countMax + 3))
    } throws: { error in
      let lines = (error as? UsageError)?.all ?? []
      return lines.count == Mistakes.countMax + 1
        && lines.last == "there are more; mend these first"
    }
  }

  @Test("warnings are bounded, and the rest counted")
  func boundsWarnings() {
    var warnings = Warnings()
    for number in 0..<(Warnings.countMax + 3) { warnings.add("\(number)") }
    #expect(warnings.texts.count == Warnings.countMax + 1)
    #expect(warnings.texts.last?.hasPrefix("3 ") == true)
  }
}
