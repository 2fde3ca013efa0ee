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

/// A dialer in front of its upgrade: connected, TLS and all, on a network whose time is the test's.
private final class DialerHarness: DialerHandler {
  enum Outcome: Equatable {
    case failed(String)
    /// What the log says of it.
    case refused(String)
    case opened(subprotocol: String?, early: [UInt8])
  }

  let network = ScriptedNetwork()
  /// The service's end, above TLS.
  let stream = ScriptedStream()
  private(set) var outcome: Outcome?
  private var dialer: Dialer?
  /// What the service must answer to the request's key.
  private(set) var accept = ""
  /// The request's lines.
  private(set) var request: [String] = []

  /// - Parameters:
  ///   - endpoint: the service's, as `--proxy-endpoint` takes it.
  ///   - address: what it is reached at.
  init(_ endpoint: String = "localhost:8443", at address: String = "127.0.0.1:8443") throws {
    network.names = ["localhost": ["127.0.0.1"]]
    network.tlsStream = stream
    let dialer = Dialer(
      network: network, configuration: try configure([.proxyEndpoint: endpoint]),
      tls: ScriptedCredentials(network), log: .silent,
      handler: self)
    self.dialer = dialer
    dialer.dial()
    network.advance(0)
    network.open(address)
    dialer.streamOpened()
    request = String(decoding: stream.outbox, as: UTF8.self).split(separator: "\r\n")
      .map(String.init)
    let key = request.first { $0.hasPrefix("Sec-WebSocket-Key: ") }
    accept = Cryptography.webSocketAccept(key: String(try #require(key).dropFirst(19)))
  }

  func dialer(_ dialer: Dialer, failed reason: String) { outcome = .failed(reason) }
  func dialer(_ dialer: Dialer, refused refusal: Refusal) { outcome = .refused(refusal.text) }

  func dialer(
    _ dialer: Dialer, opened stream: any SecureStream, head: HeaderBlock, subprotocol: String?,
    compression: MessageCompression?, early: [UInt8]
  ) {
    outcome = .opened(subprotocol: subprotocol, early: early)
  }

  var answer: [UInt8] {
    head(
      "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: upgrade",
      "Sec-WebSocket-Accept: \(accept)", "Sec-WebSocket-Protocol: aws.iot.securetunneling-3.0")
  }

  func arrive(_ text: String) { stream.arrive(Array(text.utf8)) }

  /// What a refusal quotes, or the whole of another outcome.
  var quotation: String {
    guard case .refused(let text) = outcome else { return String(describing: outcome) }
    let answer = "Proxy server rejected web socket upgrade request: HTTP/1.1 403 "
    guard let end = text.firstRange(of: answer)?.lowerBound else { return text }
    return String(text[..<end].dropLast(2))
  }
}

/// A dialer at the web proxy that it asks for a connection.
private final class WebProxyHarness: DialerHandler {
  private let network = ScriptedNetwork()
  private var dialer: Dialer?
  /// The web proxy's end.
  private(set) var stream = ScriptedStream()
  private(set) var failure: String?
  private(set) var request: [UInt8] = []

  /// - Parameter takenByteCounts: of the request, by each send.
  init(takenByteCounts: [Int] = [], takesBytes: Bool = true) throws {
    network.names = ["proxy": ["127.0.0.1"]]
    network.tlsStream = ScriptedStream()
    let configuration = try configure()
    let proxy = try WebProxy.parse("http://user:s3cret@proxy:3128", variable: "https_proxy")
    configuration.webProxy = proxy
    request = WebProxyHandshake(proxy: proxy, endpoint: configuration.endpoint)
      .request(userAgent: configuration.userAgent)
    let dialer = Dialer(
      network: network, configuration: configuration,
      tls: ScriptedCredentials(network), log: .silent,
      handler: self)
    self.dialer = dialer
    dialer.dial()
    network.advance(0)
    stream = try #require(network.attempts.last?.stream)
    stream.takenByteCounts = takenByteCounts
    stream.takesBytes = takesBytes
    network.open("127.0.0.1:3128")
  }

  /// The dialer goes on with TLS over it.
  var isConnected: Bool { network.serverNames == ["localhost"] }

  func dialer(_ dialer: Dialer, failed reason: String) { failure = reason }
  func dialer(_ dialer: Dialer, refused refusal: Refusal) { failure = refusal.text }

  func dialer(
    _ dialer: Dialer, opened stream: any SecureStream, head: HeaderBlock, subprotocol: String?,
    compression: MessageCompression?, early: [UInt8]
  ) {}

  func arrive(_ text: String) { stream.arrive(Array(text.utf8)) }
}

@Suite("Dialer's request to a web proxy")
struct DialerWebProxyTests {
  @Test(
    "the request goes out whole, however little the socket takes at once",
    arguments: [[], [1], [0, 5, 0, 7], [Int](repeating: 1, count: 1_000)])
  func sendsWhole(takenByteCounts: [Int]) throws {
    let harness = try WebProxyHarness(takenByteCounts: takenByteCounts)
    var turns = 0
    while harness.stream.interest.contains(.writable) && turns < 2_000 {
      harness.stream.becomeWritable()
      turns += 1
    }
    #expect(harness.stream.outbox == harness.request && harness.stream.interest == .readable)
    harness.arrive("HTTP/1.1 200 Fine\r\n\r\n")
    #expect(harness.isConnected && harness.stream.interest == [])
  }

  @Test("a socket that is full at first gets the request later, and no sooner than it has room")
  func waitsForRoom() throws {
    let harness = try WebProxyHarness(takesBytes: false)
    #expect(harness.stream.outbox.isEmpty && harness.stream.interest == [.readable, .writable])
    harness.stream.takesBytes = true
    harness.stream.becomeWritable()
    #expect(harness.stream.outbox == harness.request && harness.stream.interest == .readable)
  }

  @Test("an answer that comes before the request was taken whole is read all the same")
  func readsEarlyAnswer() throws {
    let harness = try WebProxyHarness(takenByteCounts: [10])
    harness.arrive("HTTP/1.1 403 No\r\n\r\n")
    #expect(harness.failure?.contains("403 No") == true && harness.stream.isClosed)
  }

  @Test("a web proxy that ends the connection without a word may want TLS, which is said")
  func namesTLS() throws {
    let harness = try WebProxyHarness()
    harness.stream.end(.endOfStream)
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
      harness.stream.arrive(octets[start..<(isLast ? octets.count : start + step)])
    }
    #expect(
      harness.outcome == .opened(subprotocol: "aws.iot.securetunneling-3.0", early: frame))
    #expect(harness.network.timerCount == 0 && !harness.stream.isClosed)
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
    let harness = try DialerHarness(endpoint, at: address)
    #expect(harness.network.serverNames == [name])
    #expect(harness.request.filter { $0.hasPrefix("Host: ") } == ["Host: \(host)"])
    #expect(!harness.request.contains { $0.contains("%") })
  }

  @Test("an answer that comes slowly is given up when the step's time is over, not after each byte")
  func givesUpSlowAnswer() throws {
    let harness = try DialerHarness()
    var sent = 0
    while harness.outcome == nil && sent < harness.answer.count {
      harness.stream.arrive([harness.answer[sent]])
      harness.network.advance(500)
      sent += 1
    }
    #expect(sent == Int(Self.timeout) / 500 && harness.stream.isClosed)
    guard case .failed(let reason) = harness.outcome else {
      Issue.record("\(String(describing: harness.outcome))")
      return
    }
    #expect(reason.contains("longer than \(Self.timeout) ms"))
  }

  @Test("an answer whose head does not end is given up at 16 KiB")
  func limitsAnswer() throws {
    let harness = try DialerHarness()
    harness.arrive("HTTP/1.1 101 Fine\r\na: ")
    for _ in 0..<16 { harness.arrive(String(repeating: "b", count: 1_024)) }
    guard case .failed(let reason) = harness.outcome else {
      Issue.record("\(String(describing: harness.outcome))")
      return
    }
    #expect(reason.contains("\(ClientHandshake.responseByteCountMax)"))
    #expect(harness.stream.isClosed && harness.network.timerCount == 0)
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
      harness.arrive(record)
    }
    if example.ends { harness.stream.end(.endOfStream) }
    if example.wait > 0 {
      #expect(harness.outcome == nil)
      harness.network.advance(example.wait - 1)
      #expect(harness.outcome == nil)
      harness.network.advance(1)
    }
    #expect(harness.quotation == example.quotation)
    #expect(harness.stream.isClosed && harness.network.timerCount == 0)
  }

  @Test("a body that comes slowly is waited for once, not after each byte")
  func boundsWaitForBody() throws {
    let harness = try DialerHarness()
    harness.arrive(Self.head403 + "Content-Length: 400\r\n\r\n")
    for _ in 0..<10 {
      #expect(harness.outcome == nil)
      harness.arrive("x")
      harness.network.advance(100)
    }
    #expect(harness.quotation == "xxxxxxxxxx")
  }

  @Test(
    "an answer that is no upgrade is a refusal with its status", arguments: [200, 301, 403, 503])
  func refuses(status: Int) throws {
    let harness = try DialerHarness()
    harness.arrive("HTTP/1.1 \(status) Words\r\nContent-Length: 2\r\n\r\nno")
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
    harness.arrive(answer)
    guard case .failed(let reason) = harness.outcome else {
      Issue.record("\(String(describing: harness.outcome))")
      return
    }
    #expect(reason.contains(part) && harness.stream.isClosed)
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
    harness.arrive(answer)
    guard case .failed(let reason) = harness.outcome else {
      Issue.record("\(String(describing: harness.outcome))")
      return
    }
    #expect(reason.hasSuffix("; \(Self.stranger)"))
  }
}

@Suite("Dialer's advice")
struct DialerAdviceTests {
  /// Who is told of a failure alone.
  private final class Waiter: DialerHandler {
    private(set) var failure: String?

    func dialer(_ dialer: Dialer, failed reason: String) { failure = reason }
    func dialer(_ dialer: Dialer, refused refusal: Refusal) {}
    func dialer(
      _ dialer: Dialer, opened stream: any SecureStream, head: HeaderBlock, subprotocol: String?,
      compression: MessageCompression?, early: [UInt8]
    ) {}
  }

  private static func way(_ part: String) -> String {
    "; check --region or --proxy-endpoint, and this machine's \(part); behind a web proxy set https_proxy"
  }

  @Test(
    "each step that fails says what to do, and a web proxy's variable where one is used",
    arguments: [false, true])
  func advises(usesWebProxy: Bool) throws {
    let (host, port) = usesWebProxy ? ("proxy", 3128) : ("localhost", 8443)
    let proxy = "; check https_proxy"
    let steps: [(reason: String, advice: String, play: (ScriptedNetwork, Dialer) -> Void)] = [
      (
        "Could not resolve DNS hostname of \(usesWebProxy ? "Web proxy" : "proxy host"): \(host) - unknown name",
        usesWebProxy ? proxy : Self.way("DNS"),
        { network, _ in
          network.names = [:]
          network.advance(0)
        }
      ),
      (
        "Could not connect to "
          + (usesWebProxy
            ? "the web proxy http://proxy:3128 (https_proxy)" : "proxy server: localhost:8443")
          + ": Connection refused (10.0.0.1)",
        usesWebProxy ? proxy : Self.way("route and firewall"),
        { network, _ in
          network.advance(0)
          network.refuse("10.0.0.1:\(port)", ECONNREFUSED)
        }
      ),
    ]
    let later: [(reason: String, advice: String, play: (ScriptedNetwork, Dialer) -> Void)] = [
      (
        "the TLS handshake with localhost:8443 failed: the connection was cut",
        Self.way("route and firewall"), { _, dialer in dialer.streamFailed(.unexpectedEnd) }
      ),
      (
        "the TLS handshake with localhost:8443 failed: TLS: odd", "",
        { _, dialer in dialer.streamFailed(.tls(.handshake(reason: "odd"))) }
      ),
      (
        "the TLS handshake with localhost:8443 took longer than 10000 ms",
        Self.way("route and firewall"), { network, _ in network.advance(10_000) }
      ),
      (
        "the service's answer to the web socket upgrade request did not come: the connection was cut",
        "; its certificate was right, so that the service or the way to it is at fault for now",
        { network, dialer in
          dialer.streamOpened()
          network.tlsStream?.end(.endOfStream)
        }
      ),
    ]
    for (index, step) in (steps + (usesWebProxy ? [] : later)).enumerated() {
      let network = ScriptedNetwork()
      network.names = [host: ["10.0.0.1"]]
      network.tlsStream = ScriptedStream()
      let configuration = try configure()
      if usesWebProxy {
        configuration.webProxy = try WebProxy.parse("http://proxy", variable: "https_proxy")
      }
      let waiter = Waiter()
      let dialer = Dialer(
        network: network, configuration: configuration, tls: ScriptedCredentials(network),
        log: .silent, handler: waiter)
      dialer.dial()
      if index >= steps.count {
        network.advance(0)
        network.open("10.0.0.1:\(port)")
      }
      step.play(network, dialer)
      #expect(waiter.failure == step.reason + step.advice)
    }
  }
}
