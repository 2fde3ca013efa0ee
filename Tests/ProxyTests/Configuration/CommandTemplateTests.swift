import Reactor
import Testing

@testable import Configuration

@Suite("The command's words")
struct CommandTemplateTests {
  private func fill(_ words: String..., only: UInt16? = 5555) throws -> [String] {
    try CommandTemplate(words).filled { service throws(UsageError) in
      guard let service else {
        guard let only else { throw UsageError("several") }
        return only
      }
      guard service == "HTTP" else { throw UsageError("no service %", with: service) }
      return 8080
    }
  }

  @Test("ports come in the place of what stands for them, as often as it does, and all else stays")
  func fills() throws {
    #expect(try fill("ssh", "-p", "{port}") == ["ssh", "-p", "5555"])
    #expect(
      try fill("http://localhost:{port:HTTP}/?{port}{port}") == [
        "http://localhost:8080/?55555555"
      ])
    for word in [
      "", "{", "}", "{}", "{ports}", "{port", "${PORT}", "awk '{print}'", "{{", "}{", "{:HTTP}",
    ] {
      #expect(try fill(word) == [word])
    }
    let long = String(repeating: "{port}", count: 20_000)
    #expect(try fill(long) == [String(repeating: "5555", count: 20_000)])
    let braces = String(repeating: "{", count: 100_000)
    #expect(try fill(braces) == [braces])
    #expect(try fill("{{port}}", "{port {port}") == ["{5555}", "{port 5555"])
  }

  @Test("a port that there is not is an error")
  func refuses() {
    #expect(throws: UsageError("no service SSH")) { try fill("{port:SSH}") }
    #expect(throws: UsageError("no service ")) { try fill("{port:}") }
    #expect(throws: UsageError("several")) { try fill("{port}", only: nil) }
  }

  @Test("a command is a source's that listens, whose log then has warnings by default")
  func configures() throws {
    func configure(_ options: [Option: String]) throws -> Configuration {
      var values = given(options)
      values.command = ["ssh", "-p", "{port}"]
      values.add(.proxyEndpoint, "localhost", label: "-e", layer: .commandLine)
      values.add(.accessToken, "abc", label: "-t", layer: .commandLine)
      return try Configuration(values, machineID: "0123456789abcdef0123456789abcdef")
    }
    for options: [Option: String] in [[.sourceListenPort: "0"], [.mode: "src"]] {
      let configuration = try configure(options)
      #expect(configuration.command?.words == ["ssh", "-p", "{port}"])
      #expect(configuration.logLevel == .warning)
    }
    for options: [Option: String] in [[.sourceListenPort: "-"], [.destinationApp: "22"]] {
      #expect {
        _ = try configure(options)
      } throws: { error in
        isUsageError(error, naming: "a command behind '--' is for a source that listens")
      }
    }
  }
}
