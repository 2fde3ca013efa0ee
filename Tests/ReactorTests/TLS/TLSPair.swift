import Basics
import COpenSSL
import Testing

@testable import Reactor

/// A TLS client and a TLS server with one connection between them, over loopback, in one reactor.
final class TLSPair {
  let reactor: Reactor
  let client = Endpoint()
  let server = Endpoint()
  /// The streams below TLS, to cut them or to look at them.
  private(set) var clientTransport: (any ByteStream)?
  private(set) var serverTransport: (any ByteStream)?

  /// Starts both handshakes.
  init(client clientContext: TLSContext, server serverContext: TLSContext, name: String) throws {
    reactor = try Reactor()
    let pair = try Connected(reactor)
    let below = try #require(pair.client.stream)
    let belowServer = try #require(pair.server.stream)
    clientTransport = below
    serverTransport = belowServer
    client.stream = try clientContext.start(
      over: below, serverName: name, on: reactor, client)
    server.stream = try serverContext.start(
      over: belowServer, serverName: nil, on: reactor, server)
  }

  /// Completes both handshakes of a pair that trusts each other.
  static func open(
    versionMax: Int32? = nil, identity: Result<Identity, any Error> = Identity.trusted
  ) throws -> TLSPair {
    let identity = try identity.get()
    let client = try TLSContext(clientTrusting: identity.trustDirectory, verifiesPeer: true)
    if let versionMax { client.limit(to: versionMax) }
    let server = try TLSContext(serverCertificate: identity.certificate, key: identity.key)
    let pair = try TLSPair(client: client, server: server, name: "localhost")
    let isOpen = try pair.reactor.turn { pair.client.isOpen && pair.server.isOpen }
    try #require(isOpen, "\(pair.client.failure?.reason ?? "no failure")")
    return pair
  }

  /// Turns until both ends have opened or failed.
  func settle() throws {
    let isSettled = try reactor.turn {
      (client.isOpen || client.failure != nil) && (server.isOpen || server.failure != nil)
    }
    #expect(isSettled)
  }

  func close() {
    client.close()
    server.close()
    #expect(reactor.registrationCount == 0)
  }
}

extension TLSContext {
  /// The newest version that this side offers.
  func limit(to version: Int32) {
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
  }

  /// Lets this side offer what nobody should: TLS 1.1, which also needs weak signatures.
  func allowOldVersions() {
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_VERSION), nil)
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_1_VERSION), nil)
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0")
  }
}
