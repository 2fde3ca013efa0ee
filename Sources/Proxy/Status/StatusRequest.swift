import Basics
import WebSocket

/// A request to the status server, of which the request line and Host count (RFC 9112): what it asks for, or what is wrong
/// with it.
public enum StatusRequest: Int, CaseIterable, Sendable {
  case needMore
  case overview, metrics, health, state
  case malformed, foreign, otherMethod, missing

  /// Octets of a request's head, at the most.
  public static let byteCountMax = 8_192

  /// In the order of the cases.
  private static let paths = "/|/metrics|/healthz|/state.json"

  /// Reads a request from the front of `bytes`.
  /// - Parameters:
  ///   - hosts: what the server is called, `localhost|name`; "" for a Unix domain socket, which no browser reaches: it
  ///     is called by any name.
  ///   - isHead: set for HEAD, the answer to which has no body.
  public static func parse(
    _ bytes: Span<UInt8>, hosts: String, isHead: inout Bool
  ) -> StatusRequest {
    switch HeaderBlock.parse(bytes, byteCountMax: byteCountMax) {
    case .needMore: return .needMore
    case .malformed: return .malformed
    case .complete(let head):
      guard let (front, version) = head.startLine.cut(at: .space, last: true),
        version.place(in: "HTTP/1.1|HTTP/1.0") != nil, let (method, target) = front.cut(at: .space),
        head.count(of: "host") == 1
      else { return .malformed }
      if !hosts.isEmpty && !isServed(head.value("host") ?? "", hosts) { return .foreign }
      guard let place = method.place(in: "GET|HEAD") else { return .otherMethod }
      isHead = place > 0
      let path = target.octets[...].beforeFirst(.questionMark).text
      return path.place(in: paths).flatMap { StatusRequest(rawValue: 1 + $0) } ?? .missing
    }
  }

  /// Judges a Host field (RFC 9110 §7.2), with a port or without. A page from elsewhere that has its own name lead here
  /// (DNS rebinding) sends that name. An address is no name that could lead anywhere.
  private static func isServed(_ field: String, _ hosts: String) -> Bool {
    var name = field.octets[...].lowercasedText
    if let (front, port) = name.cut(at: .colon, last: true), port.consists(of: { $0.isDigit }) {
      name = front
    }
    let octets = name.octets
    if octets.first == .openingBracket { return octets.last == .closingBracket }
    if name.place(in: hosts) != nil { return true }
    return !octets.isEmpty && name.consists { $0 == .dot || $0.isDigit }
  }
}
