import Reactor
import Testing

@testable import Configuration

@Suite("Tokens")
struct TokenTests {
  @Test(
    "a token that no header could carry is refused, and not repeated",
    arguments: ["to ken", "tok\ren", "tok\nen", "tökén", "tok\u{7f}en", "\u{0}token"])
  func refusesBadToken(token: String) {
    #expect {
      _ = try configure([.accessToken: token])
    } throws: { error in
      isUsageError(error, naming: "--access-token") && !isUsageError(error, naming: token)
    }
  }

  @Test("a token has 1 to 3,072 bytes, so that the request fits 4,096")
  func boundsToken() throws {
    let longest = String(repeating: "x", count: Configuration.accessTokenByteCountMax)
    #expect(try configure([.accessToken: longest]).accessToken == longest)
    for token in ["", longest + "x"] {
      #expect {
        _ = try configure([.accessToken: token])
      } throws: { error in
        isUsageError(error, naming: "--access-token")
      }
    }
    #expect {
      _ = try configure([.accessToken: nil])
    } throws: { error in
      isUsageError(error, naming: "AWSIOT_TUNNEL_ACCESS_TOKEN")
    }
  }

  @Test("the largest request that can come about fits the service's 4,096 bytes")
  func fitsRequest() {
    let others = [
      "GET /tunnel?local-proxy-mode=destination HTTP/1.1", "Host: :65535", "Upgrade: websocket",
      "Connection: Upgrade", "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: 0123456789012345678901==",
      "Sec-WebSocket-Protocol: aws.iot.securetunneling-3.0", "access-token: ", "client-token: ",
      "User-Agent: localproxy 00.00.00 () OpenSSL 3.0.19-long 27 Jan 2026",
    ].map { $0.utf8.count + 2 }.reduce(2, +)
    // The system's name is cut at 255.
    let free = Endpoint.hostByteCountMax + Configuration.clientTokenByteCounts.upperBound + 255
    #expect(others + free + Configuration.accessTokenByteCountMax <= 4_096)
  }

  @Test("a token on the command line is warned about, without the token")
  func warns() throws {
    let warnings = try configure([.accessToken: "s3cret-token"]).warnings
    #expect(warnings.count == 1 && !warnings[0].contains("s3cret"))
    #expect(warnings.first?.contains("AWSIOT_TUNNEL_ACCESS_TOKEN") == true)
  }

  @Test(
    "of a token file the first line counts, without blanks around it",
    arguments: ["token", "token\n", "token\r\n", " token \nmore\n", "\ttoken\n\n"])
  func readsFile(text: String) throws {
    let folder = try Folder()
    let path = try folder.write("token", text)
    let configuration = try configure([.accessToken: nil, .accessTokenFile: path])
    #expect(configuration.accessToken == "token" && configuration.warnings.isEmpty)
  }

  @Test("a token file that others can read is warned about")
  func warnsOfReadableFile() throws {
    let folder = try Folder()
    let path = try folder.write("token", "s3cret", mode: 0o644)
    let warnings = try configure([.accessToken: nil, .accessTokenFile: path]).warnings
    #expect(warnings.count == 1 && warnings[0].contains(path) && !warnings[0].contains("s3cret"))
  }

  @Test("a token file that cannot be used is named, with the reason")
  func refusesFile() throws {
    let folder = try Folder()
    let empty = try folder.write("empty", "\ntoken\n")
    let long = try folder.write(
      "long", String(repeating: "x", count: OptionValues.fileByteCountMax + 10))
    for (path, reason) in [
      ("/nonexistent", "No such file"), (folder.path, "Is a directory"), (empty, "empty"),
      (long, "more than the 3072 bytes"),
    ] {
      #expect {
        _ = try configure([.accessToken: nil, .accessTokenFile: path])
      } throws: { error in
        isUsageError(error, naming: "--access-token-file", reason)
      }
    }
    #expect {
      _ = try configure([.accessTokenFile: empty])
    } throws: { error in
      isUsageError(error, naming: "--access-token and --access-token-file exclude")
    }
  }

  @Test("token or file: the higher layer decides")
  func prefersHigherLayer() throws {
    let folder = try Folder()
    let path = try folder.write("token", "of-file")
    for (tokenLayer, fileLayer, expected) in [
      (.environment, .file, "of-file"), (.file, .commandLine, "of-file"),
      (.commandLine, .file, "given"), (.environment, .commandLine, "of-file"),
    ] as [(OptionValue.Layer, OptionValue.Layer, String)] {
      var values = given([.proxyEndpoint: "localhost", .mode: "src"])
      values.add(.accessToken, "given", label: "token", layer: tokenLayer)
      values.add(.accessTokenFile, path, label: "file", layer: fileLayer)
      #expect(try Configuration(values).accessToken == expected)
    }
  }

  private func clientToken(accessToken: String = "abc", machineID: String?) throws -> (
    token: String, warnings: [String]
  ) {
    let options: [Option: String] = [
      .mode: "src", .proxyEndpoint: "localhost", .accessToken: accessToken,
    ]
    let configuration = try Configuration(given(options), machineID: machineID)
    return (configuration.clientToken, configuration.warnings)
  }

  @Test(
    "without a client token it follows from access token, machine and user: a restart has the same one"
  )
  func derivesClientToken() throws {
    let (one, two) = (String(repeating: "1f", count: 16), String(repeating: "2f", count: 16))
    let token = try clientToken(machineID: one).token
    #expect(try clientToken(machineID: one).token == token)
    #expect(try clientToken(machineID: two).token != token)
    #expect(try clientToken(accessToken: "abd", machineID: one).token != token)
    // `printf 'localproxy client token\n%s\n%s\n%s' ID UID abc | sha256sum`, with version and variant of RFC 9562.
    if Process.userID == 0 { #expect(token == "20ac4905-5bdd-8e88-aff8-afdb82dc8b3f") }
    #expect(token.utf8.count == 36 && Configuration.clientTokenByteCounts.contains(36))
  }

  @Test(
    "another client token is taken with the same access token, but not one that is made at random")
  func takesClientToken() throws {
    let (one, other) = (String(repeating: "1", count: 32), String(repeating: "2", count: 32))
    let configuration = try configure([.clientToken: one])
    #expect(try configuration.takeToken(of: configure([.clientToken: one])) == false)
    #expect(try configuration.takeToken(of: configure([.clientToken: other])) == true)
    #expect(configuration.clientToken == other)
    let options: [Option: String] = [
      .mode: "src", .proxyEndpoint: "localhost", .accessToken: "abc",
    ]
    let random = try Configuration(given(options), machineID: nil)
    #expect(configuration.takeToken(of: random) == false && configuration.clientToken == other)
    #expect(try configuration.takeToken(of: configure()) == true, "one of machine and user")
    #expect(try configuration.takeToken(of: configure([.accessToken: "abd"])) == true)
  }

  @Test(
    "a machine without an id has a new client token each time, and a warning says what that means")
  func makesClientToken() throws {
    let tokens = try [clientToken(machineID: nil), clientToken(machineID: nil)]
    #expect(tokens[0].token != tokens[1].token)
    for (token, warnings) in tokens {
      #expect(
        token.utf8.count == 36
          && token.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
      #expect(warnings.contains { $0.hasPrefix("/etc/machine-id has no id, ") })
    }
  }

  @Test("an empty client token is none")
  func takesNoClientToken() throws {
    #expect(try configure([.clientToken: ""]).clientToken.isEmpty)
  }

  @Test(
    "a client token has 32 to 128 letters, digits and hyphens, and is not repeated",
    arguments: [
      String(repeating: "a", count: 31), String(repeating: "a", count: 129),
      String(repeating: "a", count: 32) + "_", String(repeating: "ä", count: 32),
    ])
  func refusesClientToken(token: String) {
    #expect {
      _ = try configure([.clientToken: token])
    } throws: { error in
      isUsageError(error, naming: "--client-token") && !isUsageError(error, naming: token)
    }
  }

  @Test("the shortest and the longest client token are taken", arguments: [32, 128])
  func takesClientToken(count: Int) throws {
    let token = String(repeating: "aZ-9", count: count / 4)
    #expect(try configure([.clientToken: token]).clientToken == token)
  }
}
