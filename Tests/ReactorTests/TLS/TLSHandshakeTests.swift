import Basics
import COpenSSL
import Testing

@testable import Reactor

@Suite("TLS handshake")
struct TLSHandshakeTests {
  private func client(
    trusting identity: Result<Identity, any Error>? = Identity.trusted, verifiesPeer: Bool = true
  ) throws -> TLSContext {
    try TLSContext(
      clientTrusting: identity?.get().trustDirectory, verifiesPeer: verifiesPeer)
  }

  private func server(
    _ identity: Result<Identity, any Error> = Identity.trusted
  ) throws -> TLSContext {
    let identity = try identity.get()
    return try TLSContext(serverCertificate: identity.certificate, key: identity.key)
  }

  /// The certificate's fault, as OpenSSL names it; nil when the handshake failed otherwise or not at all.
  private func certificateFault(_ endpoint: Endpoint) -> String? {
    if case .tls(.certificate(let reason, _, _, _))? = endpoint.failure { return reason }
    return nil
  }

  @Test(
    "a trusted server with the right name is accepted, by name or by address",
    arguments: ["localhost", "LOCALHOST", "127.0.0.1", "::ffff:127.0.0.1"])
  func acceptsTrusted(name: String) throws {
    let pair = try TLSPair(client: client(), server: server(), name: name)
    try pair.settle()
    #expect(pair.client.isOpen && pair.server.isOpen, "\(pair.client.failure?.reason ?? "")")
    pair.client.send(Array("hello".utf8))
    #expect(try pair.reactor.turn { pair.server.received == Array("hello".utf8) })
    pair.close()
  }

  @Test(
    "a certificate for another name or address is refused",
    arguments: ["localhost", "127.0.0.1", "elsewhere.example.org", "sub.elsewhere.example"])
  func refusesWrongName(name: String) throws {
    let pair = try TLSPair(
      client: client(trusting: Identity.otherName), server: server(Identity.otherName), name: name)
    try pair.settle()
    let fault = try #require(certificateFault(pair.client))
    #expect(fault.contains("mismatch"))
    #expect(!pair.client.isOpen)
    #expect(pair.client.failure?.reason.contains("certificate") == true)
    pair.close()
  }

  @Test(
    "a wildcard stands for one whole label",
    arguments: [
      ("a.tunnel.example", true), ("tunnel.example", false), ("a.b.tunnel.example", false),
    ])
  func matchesWildcard(name: String, isAccepted: Bool) throws {
    let pair = try TLSPair(
      client: client(trusting: Identity.wildcard), server: server(Identity.wildcard), name: name)
    try pair.settle()
    #expect(pair.client.isOpen == isAccepted)
    pair.close()
  }

  @Test(
    "an IPv6 address is the certificate's, whatever the interface and the way it is written",
    arguments: [
      ("fe80::1", true), ("FE80:0::1", true), ("fe80::1%lo", true), ("fe80::2", false),
      ("::1", false),
    ])
  func matchesAddress(name: String, isAccepted: Bool) throws {
    let pair = try TLSPair(
      client: client(trusting: Identity.linkLocal), server: server(Identity.linkLocal), name: name)
    try pair.settle()
    #expect(pair.client.isOpen == isAccepted, "\(pair.client.failure?.reason ?? "")")
    pair.close()
  }

  @Test("an unknown authority is refused, with the names of both in the reason")
  func refusesUntrusted() throws {
    let pair = try TLSPair(
      client: client(), server: server(Identity.unknown), name: "localhost")
    try pair.settle()
    let fault = try #require(certificateFault(pair.client))
    #expect(fault.contains("self-signed") || fault.contains("self signed"))
    let reason = try #require(pair.client.failure?.reason)
    #expect(reason.contains("certificate"))
    #expect(reason.contains("localproxy tests"), "\(reason)")
    #expect(!pair.client.isOpen && !pair.server.isOpen && pair.server.failure != nil)
    pair.close()
  }

  @Test("the platform's store alone does not trust the tests' certificate")
  func refusesWithPlatformStore() throws {
    let pair = try TLSPair(client: client(trusting: nil), server: server(), name: "localhost")
    try pair.settle()
    #expect(certificateFault(pair.client) != nil)
    pair.close()
  }

  @Test("an expired certificate is refused")
  func refusesExpired() throws {
    let later = try client()
    // The certificate is good for two days.
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(later.context), time(nil) + 3 * 86_400)
    let pair = try TLSPair(client: later, server: server(), name: "localhost")
    try pair.settle()
    #expect(certificateFault(pair.client)?.contains("expired") == true)
    pair.close()
  }

  @Test("without verification any certificate and any name will do")
  func acceptsAllUnverified() throws {
    for name in ["localhost", "127.0.0.1"] {
      let pair = try TLSPair(
        client: client(trusting: nil, verifiesPeer: false), server: server(Identity.otherName),
        name: name)
      try pair.settle()
      #expect(pair.client.isOpen && pair.server.isOpen)
      pair.close()
    }
  }

  @Test("TLS 1.2 will do", arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func acceptsVersion(version: Int32) throws {
    let pair = try TLSPair.open(versionMax: version)
    pair.client.send([1, 2, 3])
    pair.server.send([4, 5, 6])
    #expect(try pair.reactor.turn { pair.client.receivedCount + pair.server.receivedCount == 6 })
    pair.close()
  }

  @Test("a client that speaks TLS 1.1 at best is refused")
  func refusesOldClient() throws {
    let old = try client()
    old.allowOldVersions()
    let pair = try TLSPair(client: old, server: server(), name: "localhost")
    try pair.settle()
    #expect(!pair.client.isOpen && !pair.server.isOpen)
    #expect(pair.server.failure?.reason.contains("unsupported protocol") == true)
    pair.close()
  }

  @Test("a server that speaks TLS 1.1 at best is refused")
  func refusesOldServer() throws {
    let old = try server()
    old.allowOldVersions()
    let pair = try TLSPair(client: client(), server: old, name: "localhost")
    try pair.settle()
    #expect(!pair.client.isOpen && !pair.server.isOpen && pair.client.failure != nil)
    pair.close()
  }

  @Test("a peer that does not speak TLS is a failure", arguments: [true, false])
  func refusesPlainPeer(isClient: Bool) throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    let endpoint = Endpoint()
    let below = try #require(pair.client.stream)
    endpoint.stream = try (isClient ? client() : server()).start(
      over: below, serverName: isClient ? "localhost" : nil, on: reactor, endpoint)
    pair.server.send(Array("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".utf8))
    #expect(try reactor.turn { endpoint.failure != nil })
    if case .tls(.handshake(let reason))? = endpoint.failure {
      #expect(!reason.isEmpty)
    } else {
      Issue.record("\(endpoint.failure?.reason ?? "no failure")")
    }
    pair.server.close()
    #expect(reactor.registrationCount == 0)
  }

  @Test("a line that is cut during the handshake is an unexpected end", arguments: [true, false])
  func reportsCut(isAbort: Bool) throws {
    let reactor = try Reactor()
    let pair = try Connected(reactor)
    let endpoint = Endpoint()
    let below = try #require(pair.client.stream)
    endpoint.stream = try client().start(
      over: below, serverName: "localhost", on: reactor, endpoint)
    #expect(try reactor.turn { pair.server.receivedCount > 0 })
    if isAbort { pair.server.stream?.abort() } else { pair.server.close() }
    #expect(try reactor.turn { endpoint.failure != nil })
    let reason = endpoint.failure?.reason
    #expect(reason == (isAbort ? "Connection reset by peer" : "the connection was cut"))
    #expect(reactor.registrationCount == 0)
  }

  @Test("the name is told to the server, an address is not (RFC 6066 §3)")
  func sendsServerName() throws {
    for (name, isSent) in [("localhost", true), ("127.0.0.1", false)] {
      let reactor = try Reactor()
      let pair = try Connected(reactor)
      let endpoint = Endpoint()
      let below = try #require(pair.client.stream)
      endpoint.stream = try client().start(
        over: below, serverName: name, on: reactor, endpoint)
      #expect(try reactor.turn { pair.server.receivedCount > 0 })
      // The name stands in the first record as it is; the record is not encrypted.
      let hello = String(decoding: pair.server.received, as: UTF8.self)
      #expect(hello.contains(name) == isSent)
      endpoint.close()
      pair.server.close()
    }
  }

  @Test("files that cannot be used are the configuration's fault and are named")
  func namesBadFiles() throws {
    let identity = try Identity.trusted.get()
    for (certificate, key, fault) in [
      ("/nonexistent.pem", identity.key, "/nonexistent.pem"),
      (identity.certificate, "/nonexistent.pem", "/nonexistent.pem"),
      (identity.key, identity.key, identity.key),
    ] {
      #expect {
        _ = try TLSContext(serverCertificate: certificate, key: key)
      } throws: { error in
        guard case TLSError.configuration(let what, let reason) = error else { return false }
        return what == fault && !reason.isEmpty && !reason.contains("unknown error")
      }
    }
  }

  @Test("a key that belongs to another certificate is refused at once")
  func refusesForeignKey() throws {
    let certificate = try Identity.trusted.get().certificate
    let key = try Identity.otherName.get().key
    #expect(throws: TLSError.self) {
      _ = try TLSContext(serverCertificate: certificate, key: key)
    }
  }

  @Test(
    "a processor without instructions for AES asks for ChaCha20 first", arguments: [true, false])
  func ordersCiphers(hasAES: Bool) throws {
    let context = try TLSContext(clientTrusting: nil, verifiesPeer: false, hasAES: hasAES)
    let ciphers = SSL_CTX_get_ciphers(context.context)
    let names = (0..<OPENSSL_sk_num(ciphers)).map {
      String(cString: SSL_CIPHER_get_name(OpaquePointer(OPENSSL_sk_value(ciphers, $0))))
    }
    #expect((names.first == "TLS_CHACHA20_POLY1305_SHA256") == !hasAES, "\(names)")
    #expect(names.contains("TLS_AES_256_GCM_SHA384"))
    let older = try #require(names.first { !$0.hasPrefix("TLS_") })
    #expect(older.contains("CHACHA20") == !hasAES, "\(names)")
  }
}
