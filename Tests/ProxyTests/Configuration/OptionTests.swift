import Testing

@testable import Configuration

@Suite("Option")
struct OptionTests {
  @Test("names are given to one option each")
  func namesAreUnique() {
    let options = Option.reader.options
    #expect(Set(options.map(\.longName)).count == options.count)
    let shortNames = options.compactMap(\.shortName)
    #expect(Set(shortNames).count == shortNames.count)
  }

  @Test("each case has its own name")
  func casesMatchNames() {
    for option in Option.allCases {
      let name = option.syntax.longName.filter { $0 != "-" }
      #expect("\(option)".lowercased() == name)
    }
  }

  @Test("long and short names are those of the reference")
  func hasReferenceNames() {
    let names = Option.reader.options.map { "\($0.longName)/\($0.shortName.map { "\($0)" } ?? "")" }
    for name in [
      "help/h", "version/V", "access-token/t", "client-token/i", "proxy-endpoint/e", "region/r",
      "source-listen-port/s", "destination-app/d", "local-bind-address/b", "capath/c",
      "no-ssl-host-verify/k", "export-default-settings/", "settings-json/", "config/",
      "config-dir/", "verbose/v", "mode/m", "destination-client-type/y",
    ] {
      #expect(names.contains(name), "\(name)")
    }
  }

  @Test(
    "a misspelt name brings the one with which it has most in common, or none",
    arguments: [
      ("--regoin", "--region"), ("--Region", "--region"), ("--token", "--access-token"),
      ("--source-port", "--source-listen-port"), ("--dest-app", "--destination-app"),
      ("--endpoint", "--proxy-endpoint"), ("--listen-port", "--source-listen-port"),
      ("--ca-path", "--capath"), ("--bind-address", "--local-bind-address"),
      ("--configdir", "--config-dir"), ("-region", "--region"), ("--nonsense", ""), ("--debug", ""),
      ("--insecure", ""), ("-Z", ""), ("--", ""), ("", ""),
      // As much of it as is looked at has little in common with any name.
      (String(repeating: "x", count: NearestName.byteCountMax) + "--region", ""),
      (
        "--region" + String(repeating: "x", count: NearestName.byteCountMax - 8)
          + String(repeating: "y", count: 100_000), ""
      ),
    ])
  func findsNearest(name: String, expected: String) {
    var nearest = NearestName(name)
    for option in Option.reader.options { nearest.consider("--" + option.longName) }
    #expect(nearest.best == expected)
  }

  @Test("mappings of the command line add up, and come before those of a file")
  func addsMappings() throws {
    var values = OptionValues()
    values.add(.sourceListenPort, "A=1", label: "-s", layer: .commandLine)
    values.add(.sourceListenPort, "B=2,C=3", label: "-s", layer: .commandLine)
    values.add(.sourceListenPort, "D=4", label: "file", layer: .file)
    #expect(values[.sourceListenPort]?.text == "A=1,B=2,C=3")
  }
}
