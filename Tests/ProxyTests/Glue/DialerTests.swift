import Basics
import Glibc
import Simulator
import Testing

@testable import Configuration
@testable import Proxy
@testable import Reactor
@testable import Tunnel
@testable import WebProxy
@testable import WebSocket

/// What becomes of a dialer.
private final class Notes: DialerHandler {
  enum Outcome: Equatable {
    case failed(String)
    /// What the log says of it.
    case refused(String)
    case opened(subprotocol: String?, early: [UInt8])
  }

  private(set) var outcome: Outcome?
  private var stream: (any SecureStream)?

  func dialer(_ dialer: Dialer, failed reason: String) { outcome = .failed(reason) }
  func dialer(_ dialer: Dialer, refused refusal: Refusal) { outcome = .refused(refusal.text) }

  func dialer(
    _ dialer: Dialer, opened stream: any SecureStream, head: HeaderBlock, subprotocol: String?,
    compression: MessageCompression?, early: [UInt8]
  ) {
    outcome = .opened(subprotocol: subprotocol, early: early)
    self.stream = stream
  }

  var failure: String? {
    switch outcome {
    case .failed(let text), .refused(let text): text
    case .opened, nil: nil
    }
  }
}

/// A dialer in front of its upgrade: connected, TLS and all.
private final class DialerHarness {
  let world = QuietWorld()
  /// The service's end, above TLS.
  let service: FarEnd
  private let notes = Notes()
  private let dialer: Dialer
  /// What the service must answer to the request's key.
  private(set) var accept = ""
  /// The request's lines.
  private(set) var request: [String] = []

  /// - Parameters:
  ///   - endpoint: the service's, as `--proxy-endpoint` takes it.
  ///   - address: what it is reached at.
  ///   - name: whose certificate it has, and no other is taken.
  init(
    _ endpoint: String = "localhost:8443", at address: String = "127.0.0.1:8443",
    named name: String = "localhost"
  ) throws {
    dialer = Dialer(
      network: world.network, configuration: try configure([.proxyEndpoint: endpoint]),
      tls: world.credentials, log: .silent, handler: notes)
    dialer.dial()
    world.advance(0)
    service = try world.open(address, tls: name)
    request = String(decoding: service.received, as: UTF8.self).split(separator: "\r\n")
      .map(String.init)
    let key = request.first { $0.hasPrefix("Sec-WebSocket-Key: ") }
    accept = Cryptography.webSocketAccept(key: String(try #require(key).dropFirst(19)))
  }

  var outcome: Notes.Outcome? { notes.outcome }

  var answer: [UInt8] {
    head(
      "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: upgrade",
      "Sec-WebSocket-Accept: \(accept)", "Sec-WebSocket-Protocol: aws.iot.securetunneling-3.0")
  }

  /// What a refusal quotes, or the whole of another outcome.
  var quotation: String {
    guard case .refused(let text) = outcome else { return String(describing: outcome) }
    let answer = "Proxy server rejected web socket upgrade request: HTTP/1.1 403 "
    guard let end = text.firstRange(of: answer)?.lowerBound else { return text }
    return String(text[..<end].dropLast(2))
  }
}

/// A dialer at the web proxy that it asks for a connection.
private final class WebProxyHarness {
  private let world = QuietWorld()
  private let notes = Notes()
  private let dialer: Dialer
  /// The web proxy's end.
  let proxy: FarEnd
  let request: [UInt8]

  /// - Parameter roomLeft: bytes that the socket has room for at first.
  init(roomLeft: Int? = nil) throws {
    world.names = ["proxy": ["127.0.0.1"]]
    let configuration = try configure()
    let webProxy = try WebProxy.parse("http://user:s3cret@proxy:3128", variable: "https_proxy")
    configuration.webProxy = webProxy
    request = WebProxyHandshake(proxy: webProxy, endpoint: configuration.endpoint)
      .request(userAgent: configuration.userAgent)
    dialer = Dialer(
      network: world.network, configuration: configuration, tls: world.credentials, log: .silent,
      handler: notes)
    dialer.dial()
    world.advance(0)
    world.limit("127.0.0.1:3128", to: roomLeft)
    proxy = try world.open("127.0.0.1:3128")
  }

  var failure: String? { notes.failure }
}

@Suite("Dialer's request to a web proxy")
struct DialerWebProxyTests {
  @Test(
    "the request goes out whole, however little the socket takes at once",
    arguments: [[], [1], [0, 5, 0, 7], [Int](repeating: 1, count: 1_000)])
  func sendsWhole(takenByteCounts: [Int]) throws {
    let harness = try WebProxyHarness(roomLeft: takenByteCounts.isEmpty ? nil : 0)
    var sentCount = 0
    for count in takenByteCounts {
      harness.proxy.roomLeft = count
      sentCount += count
      #expect(harness.proxy.received == Array(harness.request.prefix(sentCount)))
    }
    harness.proxy.roomLeft = nil
    #expect(harness.proxy.received == harness.request && harness.proxy.interest == .readable)
    // The dialer goes on with TLS over it, and asks the service.
    try harness.proxy.startTLS(as: "localhost", behind: "HTTP/1.1 200 Fine\r\n\r\n")
    #expect(harness.proxy.received.dropFirst(harness.request.count).starts(with: "GET /".utf8))
  }

  @Test("a socket that is full at first gets the request later, and no sooner than it has room")
  func waitsForRoom() throws {
    let harness = try WebProxyHarness(roomLeft: 0)
    #expect(harness.proxy.received.isEmpty && harness.proxy.interest == [.readable, .writable])
    harness.proxy.roomLeft = nil
    #expect(harness.proxy.received == harness.request && harness.proxy.interest == .readable)
  }

  @Test("an answer that comes before the request was taken whole is read all the same")
  func readsEarlyAnswer() throws {
    let harness = try WebProxyHarness(roomLeft: 10)
    harness.proxy.send("HTTP/1.1 403 No\r\n\r\n")
    #expect(harness.failure?.contains("403 No") == true && harness.proxy.isClosed)
  }

  @Test("a web proxy that ends the connection without a word may want TLS, which is said")
  func namesTLS() throws {
    let harness = try WebProxyHarness()
    harness.proxy.finish()
    #expect(harness.failure?.hasSuffix("if it wants TLS, it must be named with https://") == true)
  }
}

@Suite("Dialer's upgrade")
struct DialerTests {
  private static let timeout = 10_000 as Int64

  @Test("an answer opens the WebSocket, however it comes", arguments: [1, 7, 1_000])
  func opens(step: Int) throws {
    let harness = try DialerHarness()
    let frame: [UInt8] = [0x82, 0x01, 0x07]
    let octets = head("HTTP/1.1 103 Early Hints") + harness.answer + frame
    for start in stride(from: 0, to: octets.count - frame.count, by: step) {
      #expect(harness.outcome == nil)
      let isLast = start + step >= octets.count - frame.count
      harness.service.send(octets[start..<(isLast ? octets.count : start + step)])
    }
    #expect(
      harness.outcome == .opened(subprotocol: "aws.iot.securetunneling-3.0", early: frame))
    #expect(harness.world.timerCount == 0 && !harness.service.isClosed)
  }

  @Test(
    "an address's interface is for the kernel alone (RFC 6874 §3)",
    arguments: [
      ("[fe80::1%1]:8443", "[fe80::1%1]:8443", "fe80::1", "[fe80::1]:8443"),
      ("[fe80::1%lo]", "[fe80::1%1]:443", "fe80::1", "[fe80::1]"),
      ("[::1]:1", "[::1]:1", "::1", "[::1]:1"),
      ("LOCALHOST", "127.0.0.1:443", "localhost", "localhost"),
    ])
  func hidesInterface(endpoint: String, address: String, name: String, host: String) throws {
    let harness = try DialerHarness(endpoint, at: address, named: name)
    #expect(harness.request.filter { $0.hasPrefix("Host: ") } == ["Host: \(host)"])
    #expect(!harness.request.contains { $0.contains("%") })
  }

  @Test("an answer that comes slowly is given up when the step's time is over, not after each byte")
  func givesUpSlowAnswer() throws {
    let harness = try DialerHarness()
    var sent = 0
    while harness.outcome == nil && sent < harness.answer.count {
      harness.service.send([harness.answer[sent]])
      harness.world.advance(500)
      sent += 1
    }
    #expect(sent == Int(Self.timeout) / 500 && harness.service.isClosed)
    guard case .failed(let reason) = harness.outcome else {
      Issue.record("\(String(describing: harness.outcome))")
      return
    }
    #expect(reason.contains("longer than \(Self.timeout) ms"))
  }

  @Test("an answer whose head does not end is given up at 16 KiB")
  func limitsAnswer() throws {
    let harness = try DialerHarness()
    harness.service.send("HTTP/1.1 101 Fine\r\na: ")
    for _ in 0..<16 { harness.service.send(String(repeating: "b", count: 1_024)) }
    guard case .failed(let reason) = harness.outcome else {
      Issue.record("\(String(describing: harness.outcome))")
      return
    }
    #expect(reason.contains("\(ClientHandshake.responseByteCountMax)"))
    #expect(harness.service.isClosed && harness.world.timerCount == 0)
  }

  struct RefusalExample: Sendable, CustomTestStringConvertible {
    let name: String
    /// In records of their own.
    let records: [String]
    let quotation: String
    /// Milliseconds until it is known, after the last record.
    var wait: Int64 = 0
    var ends = false
    var testDescription: String { name }
  }

  private static let head403 = "HTTP/1.1 403 Forbidden\r\nchannel-id: 7\r\n"

  private static let refusals: [RefusalExample] = [
    RefusalExample(
      name: "head and body at once", records: [head403 + "Content-Length: 8\r\n\r\nexpired\n"],
      quotation: "expired"),
    RefusalExample(
      name: "the body in a record of its own",
      records: [head403 + "Content-Length: 8\r\n\r\n", "expired\n"], quotation: "expired"),
    RefusalExample(
      name: "the body in pieces",
      records: [head403 + "Content-Length: 8\r\n", "\r\nexp", "ir", "ed\n"], quotation: "expired"),
    RefusalExample(
      name: "chunks in pieces",
      records: [
        head403 + "Transfer-Encoding: chunked\r\n\r\n", "3\r\nexp\r", "\n4\r\nired\r\n", "0\r\n",
      ], quotation: "expired"),
    RefusalExample(
      name: "no length, and the connection ends", records: [head403 + "\r\n", "expired"],
      quotation: "expired", ends: true),
    RefusalExample(
      name: "no length, and the connection stays", records: [head403 + "\r\n", "expired"],
      quotation: "expired", wait: 1_000),
    RefusalExample(
      name: "a length that never comes", records: [head403 + "Content-Length: 99\r\n\r\n", "exp"],
      quotation: "exp", wait: 1_000),
    RefusalExample(
      name: "a length, and the connection ends before",
      records: [head403 + "Content-Length: 99\r\n\r\nexp"], quotation: "exp", ends: true),
    RefusalExample(
      name: "no body", records: [head403 + "Content-Length: 0\r\n\r\n"], quotation: ""),
    RefusalExample(
      name: "a body behind an interim answer",
      records: ["HTTP/1.1 100 Continue\r\n\r\n" + head403 + "Content-Length: 2\r\n\r\n", "no"],
      quotation: "no"),
    RefusalExample(
      name: "a body that is longer than what is quoted",
      records: [head403 + "\r\n"]
        + [String](repeating: String(repeating: "w", count: 64), count: 8),
      quotation: String(repeating: "w", count: 512)),
  ]

  @Test("a refusal quotes its body, in whatever records it comes", arguments: refusals)
  func quotesBody(_ example: RefusalExample) throws {
    let harness = try DialerHarness()
    for record in example.records {
      #expect(harness.outcome == nil)
      harness.service.send(record)
    }
    if example.ends { harness.service.finish() }
    if example.wait > 0 {
      #expect(harness.outcome == nil)
      harness.world.advance(example.wait - 1)
      #expect(harness.outcome == nil)
      harness.world.advance(1)
    }
    #expect(harness.quotation == example.quotation)
    #expect(harness.service.isClosed && harness.world.timerCount == 0)
  }

  @Test("a body that comes slowly is waited for once, not after each byte")
  func boundsWaitForBody() throws {
    let harness = try DialerHarness()
    harness.service.send(Self.head403 + "Content-Length: 400\r\n\r\n")
    for _ in 0..<10 {
      #expect(harness.outcome == nil)
      harness.service.send("x")
      harness.world.advance(100)
    }
    #expect(harness.quotation == "xxxxxxxxxx")
  }

  @Test(
    "an answer that is no upgrade is a refusal with its status", arguments: [200, 301, 403, 503])
  func refuses(status: Int) throws {
    let harness = try DialerHarness()
    harness.service.send("HTTP/1.1 \(status) Words\r\nContent-Length: 2\r\n\r\nno")
    guard case .refused(let text) = harness.outcome else {
      Issue.record("\(String(describing: harness.outcome))")
      return
    }
    #expect(
      text.hasPrefix("no (Proxy server rejected") && text.contains("HTTP/1.1 \(status) Words"))
  }

  @Test(
    "an answer that breaks the protocol is a failure with its reason",
    arguments: [
      ("HTTP/1.1 101 Fine\n", "line feed"), ("SSH-2.0-x\r\n\r\n", "SSH-2.0-x"),
      ("HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", "Accept"),
      ("HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\n folded\r\n\r\n", "name: value"),
    ])
  func namesFault(answer: String, part: String) throws {
    let harness = try DialerHarness()
    harness.service.send(answer)
    guard case .failed(let reason) = harness.outcome else {
      Issue.record("\(String(describing: harness.outcome))")
      return
    }
    #expect(reason.contains(part) && harness.service.isClosed)
  }

  private static let stranger =
    "what answers is not the tunnel's service: check --proxy-endpoint, or use --region"

  @Test(
    "an answer that no service gives is said to be a stranger's",
    arguments: [
      "SSH-2.0-x\r\n\r\n", "HTTP/1.1 101 Fine\n",
      "HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ])
  func namesStranger(answer: String) throws {
    let harness = try DialerHarness()
    harness.service.send(answer)
    guard case .failed(let reason) = harness.outcome else {
      Issue.record("\(String(describing: harness.outcome))")
      return
    }
    #expect(reason.hasSuffix("; \(Self.stranger)"))
  }
}

@Suite("Dialer's place to connect from")
struct DialerBindTests {
  @Test("each attempt asks what the bind address is by then, its name as well")
  func followsConfiguration() throws {
    let world = QuietWorld()
    let notes = Notes()
    func configured(_ place: String?) throws -> Configuration {
      try configure([
        .sourceListenPort: nil, .destinationApp: "SSH1=22", .localBindAddress: place,
      ])
    }
    let configuration = try configured("inside")
    let dialer = Dialer(
      network: world.network, configuration: configuration, tls: world.credentials, log: .silent,
      handler: notes)
    func places() -> [String] {
      dialer.dial()
      world.advance(0)
      defer { dialer.drop() }
      return dialer.localAddresses.map { $0.host }
    }
    world.names["inside"] = ["10.0.0.2"]
    #expect(places() == ["10.0.0.2"])
    world.names["inside"] = ["10.0.0.3"]
    #expect(places() == ["10.0.0.3"])
    for (place, hosts) in [("10.0.0.4", ["10.0.0.4"]), (nil, []), ("inside", ["10.0.0.3"])] {
      #expect(configuration.take(try configured(place)) == "")
      #expect(places() == hosts)
    }
    #expect(notes.outcome == nil)
  }
}

@Suite("Dialer's advice")
struct DialerAdviceTests {
  private static func way(_ part: String) -> String {
    "; check --region or --proxy-endpoint, and this machine's \(part); behind a web proxy set https_proxy"
  }

  @Test(
    "each step that fails says what to do, and a web proxy's variable where one is used",
    arguments: [false, true])
  func advises(usesWebProxy: Bool) throws {
    let (host, port) = usesWebProxy ? ("proxy", 3128) : ("localhost", 8443)
    let proxy = "; check https_proxy"
    let steps: [(reason: String, advice: String, play: (QuietWorld) throws -> Void)] = [
      (
        "Could not resolve DNS hostname of \(usesWebProxy ? "Web proxy" : "proxy host"): \(host) - "
          + "no address, says the simulator",
        usesWebProxy ? proxy : Self.way("DNS"),
        { world in
          world.names[host] = []
          world.advance(0)
        }
      ),
      (
        "Could not connect to "
          + (usesWebProxy
            ? "the web proxy http://proxy:3128 (https_proxy)" : "proxy server: localhost:8443")
          + ": Connection refused (10.0.0.1)",
        usesWebProxy ? proxy : Self.way("route and firewall"),
        { world in
          world.advance(0)
          world.refuse("10.0.0.1:\(port)", ECONNREFUSED)
        }
      ),
    ]
    let place = "10.0.0.1:\(port)"
    let later: [(reason: String, advice: String, play: (QuietWorld) throws -> Void)] = [
      (
        "the TLS handshake with localhost:8443 failed: the connection was cut",
        Self.way("route and firewall"), { try $0.open(place).finish() }
      ),
      (
        "the TLS handshake with localhost:8443 failed: TLS: the simulator met an unexpected record",
        "", { try $0.open(place).send([9, 0, 0]) }
      ),
      (
        "the TLS handshake with localhost:8443 took longer than 10000 ms",
        Self.way("route and firewall"),
        { world in
          try world.open(place)
          world.advance(10_000)
        }
      ),
      (
        "the service's answer to the web socket upgrade request did not come: the connection was cut",
        "; its certificate was right, so that the service or the way to it is at fault for now",
        { try $0.open(place, tls: "localhost").finish() }
      ),
    ]
    for (index, step) in (steps + (usesWebProxy ? [] : later)).enumerated() {
      let world = QuietWorld()
      world.names = [host: ["10.0.0.1"]]
      let configuration = try configure()
      if usesWebProxy {
        configuration.webProxy = try WebProxy.parse("http://proxy", variable: "https_proxy")
      }
      let notes = Notes()
      let dialer = Dialer(
        network: world.network, configuration: configuration, tls: world.credentials,
        log: .silent, handler: notes)
      dialer.dial()
      if index >= steps.count { world.advance(0) }
      try step.play(world)
      #expect(notes.failure == step.reason + step.advice)
    }
  }
}
