import Basics

/// The extension's parameters, as both ends have agreed on them (RFC 7692 §7.1).
public struct PermessageDeflate: Equatable, Sendable {
  public static let name = "permessage-deflate"
  /// The largest LZ77 window is 2^15 octets, which is also meant where nothing is said.
  public static let windowBitsMax = 15

  /// Each message that the server sends is compressed by itself.
  public var serverNoContextTakeover = false
  public var clientNoContextTakeover = false
  /// Base-2 logarithm of the octets that the server's compressor refers back to, at the most.
  public var serverMaxWindowBits = windowBitsMax
  public var clientMaxWindowBits = windowBitsMax

  public init() {}

  /// For the log, in the form of an answer.
  public var description: String {
    var text = Self.name
    if serverNoContextTakeover { text += "; server_no_context_takeover" }
    if clientNoContextTakeover { text += "; client_no_context_takeover" }
    if serverMaxWindowBits < Self.windowBitsMax {
      text += "; server_max_window_bits=" + serverMaxWindowBits.decimal
    }
    if clientMaxWindowBits < Self.windowBitsMax {
      text += "; client_max_window_bits=" + clientMaxWindowBits.decimal
    }
    return text
  }

  // MARK: The client

  /// What a client offers: both windows of `windowBits` at the most, and the server may narrow either.
  public static func offer(windowBits: Int) -> String {
    windowBits < windowBitsMax
      ? "%; server_max_window_bits=%; client_max_window_bits=%".with(
        name, windowBits.decimal, windowBits.decimal)
      : name + "; client_max_window_bits"
  }

  /// An answer that must not be gone along with: the client fails the connection (§7.1).
  public struct Violation: Error, Equatable {
    public let reason: String
  }

  /// What the server answered to `offer(windowBits:)`; nil when it declined.
  /// - Parameter answer: the value of its `Sec-WebSocket-Extensions`, if there is one.
  public static func judge(
    answer: String?, windowBits: Int
  ) throws(Violation) -> PermessageDeflate? {
    guard let answer else { return nil }
    guard let list = WebSocketExtension.parseList(answer) else {
      throw Violation(reason: "the answer's Sec-WebSocket-Extensions '%' is malformed".with(answer))
    }
    guard let chosen = list.first else { return nil }
    for other in list where !other.name.isSame(as: name) {
      throw Violation(
        reason: "the answer selects the extension '%', which was not offered".with(other.name))
    }
    if list.count > 1 { throw Violation(reason: "the answer selects % more than once".with(name)) }
    var given = Parameters()
    if let fault = given.read(chosen, isAnswer: true) {
      throw Violation(reason: "the answer's % %".with(name, fault))
    }
    var agreed = given.agreed
    for (parameter, bits) in [
      ("server_max_window_bits", given.serverMaxWindowBits),
      ("client_max_window_bits", given.clientMaxWindowBits),
    ] where bits ?? 0 > windowBits {
      throw Violation(
        reason:
          "the answer's " + name
          + " has %=%, above the % offered".with(
            parameter, (bits ?? 0).decimal, windowBits.decimal))
    }
    // Without a word it is as large as can be, which an offer of less excludes.
    if agreed.serverMaxWindowBits > windowBits {
      throw Violation(
        reason: "the answer's % lacks server_max_window_bits, which was offered".with(name))
    }
    // Said in the offer, if not in the answer.
    agreed.clientMaxWindowBits = min(agreed.clientMaxWindowBits, windowBits)
    return agreed
  }

  // MARK: The server

  /// What the server makes of the client's offers: the first one that it can go along with, and what it
  /// answers. Nil when it declines all of them.
  /// - Parameters:
  ///   - offers: the value of the request's `Sec-WebSocket-Extensions`, if there is one.
  ///   - windowBits: the largest window that the server wants on either side. On the client's side it cannot
  ///     insist when the client does not offer that, and takes the largest.
  public static func choose(
    offers: String?, windowBits: Int
  ) -> (agreed: PermessageDeflate, answer: String)? {
    guard let offers, let list = WebSocketExtension.parseList(offers) else { return nil }
    for offer in list where offer.name.isSame(as: name) {
      var given = Parameters()
      if given.read(offer, isAnswer: false) != nil { continue }
      var agreed = given.agreed
      agreed.serverMaxWindowBits = min(agreed.serverMaxWindowBits, windowBits)
      if given.offersClientMaxWindowBits {
        agreed.clientMaxWindowBits = min(agreed.clientMaxWindowBits, windowBits)
      }
      // An offer of the largest window gets its answer, too (§7.1.2.1).
      let repeats = given.serverMaxWindowBits == windowBitsMax && windowBits == windowBitsMax
      return (
        agreed,
        agreed.description + (repeats ? "; server_max_window_bits=" + windowBitsMax.decimal : "")
      )
    }
    return nil
  }

  // MARK: Parameters

  /// What one offer or answer says.
  private struct Parameters {
    var agreed = PermessageDeflate()
    var serverMaxWindowBits: Int?
    var clientMaxWindowBits: Int?
    /// The parameter is there, with or without a value, which only an offer may lack (§7.1.2.2).
    var offersClientMaxWindowBits = false
    private var names: [String] = []

    /// What is wrong with it, as the rest of a sentence; nil when all is well.
    mutating func read(_ element: WebSocketExtension, isAnswer: Bool) -> String? {
      for parameter in element.parameters {
        if names.hasSame(parameter.name) { return "has % more than once".with(parameter.name) }
        names.append(parameter.name)
        var isValid = parameter.value == nil
        if parameter.name.isSame(as: "server_no_context_takeover") {
          agreed.serverNoContextTakeover = true
        } else if parameter.name.isSame(as: "client_no_context_takeover") {
          agreed.clientNoContextTakeover = true
        } else if parameter.name.isSame(as: "server_max_window_bits") {
          serverMaxWindowBits = Self.windowBits(parameter.value)
          isValid = serverMaxWindowBits != nil
        } else if parameter.name.isSame(as: "client_max_window_bits") {
          offersClientMaxWindowBits = true
          clientMaxWindowBits = Self.windowBits(parameter.value)
          isValid = clientMaxWindowBits != nil || parameter.value == nil && !isAnswer
        } else {
          return "has the unknown parameter '%'".with(parameter.name)
        }
        if !isValid {
          let value = parameter.value.map { "the wrong value '%'".with($0) } ?? "no value"
          return "has % for %".with(value, parameter.name)
        }
      }
      agreed.serverMaxWindowBits = serverMaxWindowBits ?? PermessageDeflate.windowBitsMax
      agreed.clientMaxWindowBits = clientMaxWindowBits ?? PermessageDeflate.windowBitsMax
      return nil
    }

    /// A decimal number from 8 to 15 without leading zeros.
    private static func windowBits(_ text: String?) -> Int? {
      guard let text, let number = text.number, 8...15 ~= number,
        text.octets.first != UInt8(ascii: "0")
      else { return nil }
      return Int(number)
    }
  }
}
