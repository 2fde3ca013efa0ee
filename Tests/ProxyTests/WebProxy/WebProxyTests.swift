import Reactor
import Testing

@testable import WebProxy

@Suite("WebProxy")
struct WebProxyTests {
  struct Good: Sendable, CustomTestStringConvertible {
    let text: String
    let host: String
    var port: UInt16 = 3128
    var usesTLS = false
    /// User name and password in Base64, by another tool.
    var credentials = ""
    var testDescription: String { text }
  }

  private static let good = [
    Good(text: "http://proxy.example:8080/", host: "proxy.example", port: 8080),
    Good(text: "http://proxy.example:8080", host: "proxy.example", port: 8080),
    Good(text: "http://proxy.example", host: "proxy.example"),
    Good(text: "http://proxy.example/", host: "proxy.example"),
    Good(text: "proxy.example:8080", host: "proxy.example", port: 8080),
    Good(text: "proxy.example", host: "proxy.example"),
    Good(text: "HTTP://proxy.example", host: "proxy.example"),
    Good(text: "https://proxy.example:443", host: "proxy.example", port: 443, usesTLS: true),
    Good(text: "HTTPS://proxy.example", host: "proxy.example", usesTLS: true),
    Good(text: "http://10.0.0.1:3129", host: "10.0.0.1", port: 3129),
    Good(text: "http://[::1]:8080/", host: "::1", port: 8080),
    Good(text: "http://[fd00::1]", host: "fd00::1"),
    Good(text: "[::1]:8080", host: "::1", port: 8080),
    Good(text: "http://[fe80::1%25lo]:8080/", host: "fe80::1%25lo", port: 8080),
    Good(text: "http://[fe80::1%lo]/", host: "fe80::1%lo"),
    Good(text: "http://u:%25@[fe80::1%25lo]", host: "fe80::1%25lo", credentials: "dTol"),
    Good(text: "http://proxy.example:8080/path?a=b#c", host: "proxy.example", port: 8080),
    Good(text: "http://proxy.example?a", host: "proxy.example"),
    Good(text: "http://proxy.example:1", host: "proxy.example", port: 1),
    Good(text: "http://proxy.example:65535", host: "proxy.example", port: 65_535),
    Good(
      text: "http://Aladdin:open%20sesame@proxy.example", host: "proxy.example",
      credentials: "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    Good(
      text: "https://Aladdin:open%20sesame@[::1]:3130/", host: "::1", port: 3130, usesTLS: true,
      credentials: "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
    Good(text: "a:b@proxy.example", host: "proxy.example", credentials: "YTpi"),
    Good(text: "http://user@proxy.example", host: "proxy.example", credentials: "dXNlcjo="),
    Good(text: "http://user:@proxy.example", host: "proxy.example", credentials: "dXNlcjo="),
    Good(text: "http://:key@proxy.example", host: "proxy.example", credentials: "OmtleQ=="),
    Good(text: "http://@proxy.example", host: "proxy.example"),
    Good(text: "http://:@proxy.example", host: "proxy.example"),
    Good(
      text: "http://u:p%40%3A%2f%25@proxy.example", host: "proxy.example",
      credentials: "dTpwQDovJQ=="),
    Good(
      text: "http://u:p@:/%25@proxy.example", host: "proxy.example",
      credentials: "dTpwQDovJQ=="),
    Good(text: "http://u:a+b@proxy.example", host: "proxy.example", credentials: "dTphK2I="),
    Good(
      text: "http://gr%C3%BCn:ü@proxy.example", host: "proxy.example",
      credentials: "Z3LDvG46w7w="),
  ]

  @Test("a value is read", arguments: good)
  func reads(_ example: Good) throws {
    let proxy = try WebProxy.parse(example.text, variable: "https_proxy")
    #expect(proxy.endpoint == Endpoint(host: example.host, port: example.port))
    #expect(proxy.usesTLS == example.usesTLS)
    let credentials = example.credentials
    #expect(proxy.authorization == (credentials.isEmpty ? "" : "Basic " + credentials))
    #expect(proxy.variable == "https_proxy")
    let scheme = example.usesTLS ? "https" : "http"
    let host = example.host.contains(":") ? "[\(example.host)]" : example.host
    #expect(
      proxy.description == "the web proxy \(scheme)://\(host):\(example.port) (https_proxy)")
  }

  /// Each has "s3cret" where a password may stand, and something wrong.
  private static let bad = [
    "http://u:s3cret@", "http://u:s3cret@/", "http://u:s3cret@:3128", "http://u:s3cret@host:0",
    "http://u:s3cret@host:65536", "http://u:s3cret@host:-1", "http://u:s3cret@host:+1",
    "http://u:s3cret@host:port", "http://u:s3cret@host:", "http://u:s3cret@[::1",
    "http://u:s3cret@[fe80::1%25nosuchlink]", "http://u:s3cret@[fe80::1%1\r\nX: 1]",
    "http://u:s3cret@[fe80::1%25lo%25]", "http://u:s3cret@host%25lo", "http://u:s3cret@h\r\nX: 1",
    "http://u:s3cret@[::1]x", "http://u:s3cret@[::g]", "http://u:s3cret@::1:3128",
    "http://u:s3cret@ho st", "http://u:s3cret%@host", "http://u:s3cret%4@host",
    "http://u:s3cret%4g@host", "http://u:s3cret%00@host", "http://u:s3cret%0d%0aX:%20y@host",
    "http://u:s3cret%7f@host", "http://u%3Av:s3cret@host", "http://u:s3cret\n@host",
    // The host was forgotten.
    "http://u:s3cret", "u:s3cret", "http://u:s3cret/",
    "://u:s3cret@host",
  ]

  @Test(
    "a wrong value is refused; the message names the variable and hides the value", arguments: bad)
  func refuses(_ text: String) {
    let error = #expect(throws: UsageError.self) {
      try WebProxy.parse(text, variable: "HTTPS_PROXY")
    }
    let message = error?.message ?? ""
    #expect(message.hasPrefix("HTTPS_PROXY: ") && message.contains("http://[USER:PASSWORD@]HOST"))
    #expect(!message.contains("s3cret") && !message.contains("u:"))
  }

  @Test(
    "the password is a secret, and so are both in Base64; too short a one is with its user's name",
    arguments: [
      ("u:s3cret%21@h", ["dTpzM2NyZXQh", "s3cret!"]), ("u:a:b:c@h", ["dTphOmI6Yw==", "a:b:c"]),
      ("user:pw@h", ["dXNlcjpwdw==", "user:pw"]), ("user@h", ["dXNlcjo="]), ("@h", []), ("h", []),
    ])
  func namesSecrets(text: String, secrets: [String]) throws {
    #expect(try WebProxy.parse(text, variable: "https_proxy").secrets == secrets)
  }

  @Test("another scheme is named, and what is possible", arguments: ["socks5", "SOCKS5h", "ftp"])
  func refusesSchemes(_ scheme: String) {
    let error = #expect(throws: UsageError.self) {
      try WebProxy.parse("\(scheme)://u:s3cret@host:1080", variable: "https_proxy")
    }
    #expect(
      error?.message == "https_proxy: the scheme '\(scheme.lowercased())' is not supported; "
        + "it must be http://[USER:PASSWORD@]HOST[:PORT] or https://…")
  }

  @Test("a value's length is limited")
  func limitsLength() throws {
    let start = "http://u:"
    let end = "@host"
    let password = String(
      repeating: "p", count: WebProxy.valueByteCountMax - start.utf8.count - end.utf8.count)
    _ = try WebProxy.parse(start + password + end, variable: "https_proxy")
    let error = #expect(throws: UsageError.self) {
      try WebProxy.parse(start + password + "p" + end, variable: "https_proxy")
    }
    #expect(error?.message.contains("too long") == true)
    #expect((error?.message.utf8.count ?? 0) < 200)
  }

  struct Choice: Sendable, CustomTestStringConvertible {
    let name: String
    let environment: [String: String]
    /// The variable that was used; nil for none.
    let variable: String?
    var testDescription: String { name }
  }

  private static let choices = [
    Choice(name: "nothing is set", environment: [:], variable: nil),
    Choice(name: "lower case", environment: ["https_proxy": "a"], variable: "https_proxy"),
    Choice(name: "upper case", environment: ["HTTPS_PROXY": "a"], variable: "HTTPS_PROXY"),
    Choice(
      name: "lower case wins", environment: ["https_proxy": "a", "HTTPS_PROXY": "!"],
      variable: "https_proxy"),
    Choice(
      name: "empty is not set", environment: ["https_proxy": "", "HTTPS_PROXY": "a"],
      variable: "HTTPS_PROXY"),
    Choice(
      name: "both empty", environment: ["https_proxy": "", "HTTPS_PROXY": ""], variable: nil),
    Choice(
      name: "not for plain HTTP", environment: ["http_proxy": "a", "HTTP_PROXY": "a"],
      variable: nil),
    Choice(
      name: "exempt", environment: ["HTTPS_PROXY": "a", "no_proxy": "service.example"],
      variable: nil),
    Choice(
      name: "exempt in upper case",
      environment: ["https_proxy": "a", "NO_PROXY": "service.example"], variable: nil),
    Choice(
      name: "lower case exempts first",
      environment: ["https_proxy": "a", "no_proxy": "other", "NO_PROXY": "service.example"],
      variable: "https_proxy"),
    Choice(
      name: "an empty exemption is not set",
      environment: ["https_proxy": "a", "no_proxy": "", "NO_PROXY": "service.example"],
      variable: nil),
    Choice(
      name: "exempt, so that a wrong value does no harm",
      environment: ["https_proxy": "socks5://a", "no_proxy": "*"], variable: nil),
  ]

  @Test("the variable is chosen", arguments: choices)
  func chooses(_ choice: Choice) throws {
    let proxy = try WebProxy.select(
      for: Endpoint(host: "service.example", port: 443),
      environment: { choice.environment[$0] })
    #expect(proxy?.variable == choice.variable)
    #expect(proxy?.endpoint.host == (choice.variable == nil ? nil : "a"))
  }

  @Test(
    "an endpoint on loopback takes no web proxy but one on loopback",
    arguments: [
      "localhost", "LOCALHOST.", "tunnel.localhost", "127.0.0.1", "127.255.0.9", "::1", "0:0::1",
      "::ffff:127.0.0.1",
    ])
  func sparesLoopback(host: String) throws {
    let endpoint = Endpoint(host: host, port: 8_443)
    for elsewhere in [
      "http://u:p@proxy.example:8080", "10.0.0.1", "http://[fd00::1]:8080", "localhost.example",
      "https://128.0.0.1", "http://[::2]", "socks5://localhost:1080", "http://u:p@",
    ] {
      #expect(
        try WebProxy.select(for: endpoint) { $0 == "https_proxy" ? elsewhere : nil } == nil,
        "\(elsewhere)")
    }
    for here in ["localhost:3128", "http://a.localhost", "127.1.2.3", "https://u:p@[::1]:8080"] {
      #expect(
        try WebProxy.select(for: endpoint) { $0 == "HTTPS_PROXY" ? here : nil }?.variable
          == "HTTPS_PROXY", "\(here)")
    }
  }

  @Test(
    "what only looks like loopback goes through the web proxy",
    arguments: ["localhost.example", "notlocalhost", "128.0.0.1", "126.255.255.255", "::2", "::"])
  func sparesNothingElse(host: String) throws {
    let proxy = try WebProxy.select(for: Endpoint(host: host, port: 443)) {
      $0 == "https_proxy" ? "proxy.example" : nil
    }
    #expect(proxy?.endpoint.host == "proxy.example")
  }

  @Test("the variable that is wrong is named")
  func namesVariable() {
    let error = #expect(throws: UsageError.self) {
      _ = try WebProxy.select(
        for: Endpoint(host: "service.example", port: 443),
        environment: { $0 == "HTTPS_PROXY" ? "http://" : nil })
    }
    #expect(error?.message.hasPrefix("HTTPS_PROXY: ") == true)
  }
}
