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
  ///   - host: what the server is called besides localhost; "" for a Unix domain socket, which no browser reaches: it is
  ///     called by any name.
  ///   - isHead: set for HEAD, the answer to which has no body.
  public static func parse(
    _ bytes: Span<UInt8>, host: String, isHead: inout Bool
  ) -> StatusRequest {
    switch HeaderBlock.parse(bytes, byteCountMax: byteCountMax) {
    case .needMore: return .needMore
    case .malformed: return .malformed
    case .complete(let head):
      let parts = head.startLine.octets.parted(at: .space)
      guard parts.count == 3, parts[2].text.place(in: "HTTP/1.1|HTTP/1.0") != nil,
        head.count(of: "host") == 1
      else { return .malformed }
      if !host.isEmpty && !isServed(head.value("host") ?? "", host) { return .foreign }
      guard let method = parts[0].text.place(in: "GET|HEAD") else { return .otherMethod }
      isHead = method > 0
      let place = parts[1].beforeFirst(.questionMark).text.place(in: paths)
      return place.flatMap { StatusRequest(rawValue: overview.rawValue + $0) } ?? .missing
    }
  }

  /// Judges a Host field (RFC 9110 §7.2), with a port or without. A page from elsewhere that has its own name lead here
  /// (DNS rebinding) sends that name. An address is no name that could lead anywhere.
  private static func isServed(_ field: String, _ host: String) -> Bool {
    var name = field.octets[...].lowercasedText
    if let (front, port) = name.cut(at: .colon, last: true), port.consists(of: { $0.isDigit }) {
      name = front
    }
    return name.place(in: "localhost|" + host) != nil
      || name.octets.first == .openingBracket && name.octets.last == .closingBracket
      || !name.isEmpty && name.consists { $0 == .dot || $0.isDigit }
  }
}
