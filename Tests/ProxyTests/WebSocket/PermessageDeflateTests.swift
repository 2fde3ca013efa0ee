import Testing

@testable import WebSocket

@Suite("PermessageDeflate")
struct PermessageDeflateTests {
  private static func agreed(
    server: Int = 15, client: Int = 15, serverForgets: Bool = false, clientForgets: Bool = false
  ) -> PermessageDeflate {
    var agreed = PermessageDeflate()
    agreed.serverMaxWindowBits = server
    agreed.clientMaxWindowBits = client
    agreed.serverNoContextTakeover = serverForgets
    agreed.clientNoContextTakeover = clientForgets
    return agreed
  }

  // MARK: The client

  @Test("a client offers its windows, and that the server may narrow its own")
  func offers() {
    #expect(
      PermessageDeflate.offer(windowBits: 15) == "permessage-deflate; client_max_window_bits")
    #expect(
      PermessageDeflate.offer(windowBits: 10)
        == "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10")
  }

  @Test(
    "a client goes along with what it offered",
    arguments: [
      (15, nil, nil), (15, "", nil), (9, nil, nil), (15, "permessage-deflate", agreed()),
      (15, "permessage-deflate; server_no_context_takeover", agreed(serverForgets: true)),
      (15, "permessage-deflate; client_no_context_takeover", agreed(clientForgets: true)),
      (15, "permessage-deflate; server_max_window_bits=8", agreed(server: 8)),
      (15, "permessage-deflate; server_max_window_bits=15", agreed()),
      (15, "permessage-deflate; client_max_window_bits=8", agreed(client: 8)),
      (15, "permessage-deflate; client_max_window_bits=\"12\"", agreed(client: 12)),
      (
        15,
        "permessage-deflate;client_max_window_bits=10;server_max_window_bits=11"
          + ";client_no_context_takeover;server_no_context_takeover",
        agreed(server: 11, client: 10, serverForgets: true, clientForgets: true)
      ),
      (10, "permessage-deflate; server_max_window_bits=10", agreed(server: 10, client: 10)),
      (
        10, "permessage-deflate; server_max_window_bits=9; client_max_window_bits=8",
        agreed(server: 9, client: 8)
      ),
    ] as [(Int, String?, PermessageDeflate?)])
  func judges(windowBits: Int, answer: String?, expected: PermessageDeflate?) throws {
    #expect(try PermessageDeflate.judge(answer: answer, windowBits: windowBits) == expected)
  }

  @Test(
    "a client fails the connection over any other answer (RFC 7692 §7.1), and says why",
    arguments: [
      (15, "permessage-deflate; x", "the unknown parameter 'x'"),
      (15, "permessage-deflate; Client_No_Context_Takeover", "the unknown parameter"),
      (15, "permessage-deflate; server_no_context_takeover=1", "the wrong value '1' for server_no"),
      (15, "permessage-deflate; client_no_context_takeover=true", "the wrong value 'true'"),
      (15, "permessage-deflate; server_max_window_bits", "no value for server_max_window_bits"),
      (15, "permessage-deflate; client_max_window_bits", "no value for client_max_window_bits"),
      (15, "permessage-deflate; server_max_window_bits=7", "the wrong value '7'"),
      (15, "permessage-deflate; server_max_window_bits=16", "the wrong value '16'"),
      (15, "permessage-deflate; server_max_window_bits=09", "the wrong value '09'"),
      (15, "permessage-deflate; server_max_window_bits=0", "the wrong value '0'"),
      (15, "permessage-deflate; client_max_window_bits=-9", "the wrong value '-9'"),
      (15, "permessage-deflate; client_max_window_bits=1e1", "the wrong value '1e1'"),
      (
        15, "permessage-deflate; client_max_window_bits=99999999999999999999999",
        "the wrong value '99999999999999999999999'"
      ),
      (
        15, "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "server_no_context_takeover more than once"
      ),
      (
        15, "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
        "server_max_window_bits more than once"
      ),
      (15, "x-webkit-deflate-frame", "'x-webkit-deflate-frame', which was not offered"),
      (15, "permessage-deflate, bbf-usp-protocol", "'bbf-usp-protocol', which was not offered"),
      (15, "permessage-deflate, permessage-deflate", "selects permessage-deflate more than once"),
      (15, "permessage-deflate;", "'permessage-deflate;' is malformed"),
      (10, "permessage-deflate", "lacks server_max_window_bits"),
      (10, "permessage-deflate; client_max_window_bits=9", "lacks server_max_window_bits"),
      (
        10, "permessage-deflate; server_max_window_bits=11",
        "server_max_window_bits=11, above the 10 offered"
      ),
      (
        10, "permessage-deflate; server_max_window_bits=10; client_max_window_bits=11",
        "client_max_window_bits=11, above the 10 offered"
      ),
    ] as [(Int, String, String)])
  func refuses(windowBits: Int, answer: String, words: String) {
    do throws(PermessageDeflate.Violation) {
      let agreed = try PermessageDeflate.judge(answer: answer, windowBits: windowBits)
      Issue.record("\(String(describing: agreed))")
    } catch {
      #expect(error.reason.contains(words), "\(error.reason)")
    }
  }

  // MARK: The server

  struct Choice: Sendable, CustomTestStringConvertible {
    let offers: String?
    var windowBits = 15
    /// nil when all are declined.
    let answer: String?
    var agreed = PermessageDeflate()
    var testDescription: String { "\(offers ?? "nothing"), \(windowBits)" }
  }

  private static let name = "permessage-deflate"

  private static let choices = [
    Choice(offers: nil, answer: nil),
    Choice(offers: "", answer: nil),
    Choice(offers: "x-webkit-deflate-frame", answer: nil),
    Choice(offers: name, answer: name),
    Choice(offers: "a; b=c, \(name)", answer: name),
    Choice(offers: "\(name); client_max_window_bits", answer: name),
    Choice(
      offers: "\(name); client_max_window_bits=10", answer: "\(name); client_max_window_bits=10",
      agreed: agreed(client: 10)),
    Choice(offers: "\(name); client_max_window_bits=15", answer: name),
    Choice(
      offers: "\(name); server_max_window_bits=15",
      answer: "\(name); server_max_window_bits=15"),
    Choice(
      offers: "\(name); server_max_window_bits=8", answer: "\(name); server_max_window_bits=8",
      agreed: agreed(server: 8)),
    Choice(
      offers: "\(name); server_no_context_takeover; client_no_context_takeover",
      answer: "\(name); server_no_context_takeover; client_no_context_takeover",
      agreed: agreed(serverForgets: true, clientForgets: true)),
    // A server with small windows: its own is its affair, the client's only where the client lets it.
    Choice(
      offers: name, windowBits: 10, answer: "\(name); server_max_window_bits=10",
      agreed: agreed(server: 10)),
    Choice(
      offers: "\(name); client_max_window_bits", windowBits: 10,
      answer: "\(name); server_max_window_bits=10; client_max_window_bits=10",
      agreed: agreed(server: 10, client: 10)),
    Choice(
      offers: "\(name); client_max_window_bits=9; server_max_window_bits=12", windowBits: 10,
      answer: "\(name); server_max_window_bits=10; client_max_window_bits=9",
      agreed: agreed(server: 10, client: 9)),
    // The client's order of preference; what cannot be is declined.
    Choice(
      offers: "\(name); server_max_window_bits=10, \(name)",
      answer: "\(name); server_max_window_bits=10", agreed: agreed(server: 10)),
    Choice(offers: "\(name); x, \(name)", answer: name),
    Choice(offers: "\(name); server_max_window_bits, \(name)", answer: name),
    Choice(offers: "\(name); server_max_window_bits=16, \(name)", answer: name),
    Choice(offers: "\(name); client_max_window_bits=7, \(name)", answer: name),
    Choice(offers: "\(name); server_no_context_takeover=0", answer: nil),
    Choice(offers: "\(name); client_no_context_takeover; client_no_context_takeover", answer: nil),
    Choice(offers: "\(name); client_max_window_bits; client_max_window_bits=9", answer: nil),
    Choice(offers: "\(name);", answer: nil),
  ]

  @Test("a server takes the first offer that it can go along with", arguments: choices)
  func chooses(_ example: Choice) throws {
    let choice = PermessageDeflate.choose(offers: example.offers, windowBits: example.windowBits)
    #expect(choice?.answer == example.answer)
    #expect(choice.map { $0.agreed == example.agreed } ?? true)
  }

  @Test("what a server of this kind answers, a client of this kind goes along with")
  func agrees() throws {
    for client in 8...15 {
      for server in 8...15 {
        let offer = PermessageDeflate.offer(windowBits: client)
        let choice = try #require(PermessageDeflate.choose(offers: offer, windowBits: server))
        let agreed = try PermessageDeflate.judge(answer: choice.answer, windowBits: client)
        #expect(agreed == choice.agreed)
        #expect(choice.agreed.serverMaxWindowBits == min(client, server))
        #expect(choice.agreed.clientMaxWindowBits == min(client, server))
      }
    }
  }
}
