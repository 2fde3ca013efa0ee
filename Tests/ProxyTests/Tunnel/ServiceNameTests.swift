import Testing

@testable import Tunnel

@Suite("Service names")
struct ServiceNameTests {
  private static func names(_ names: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = [0x08, 5]
    for name in names {
      bytes.append(0x32)
      var length = name.count
      while length >= 0x80 {
        bytes.append(UInt8(length & 0x7f) | 0x80)
        length >>= 7
      }
      bytes.append(UInt8(length))
      bytes += name
    }
    return bytes
  }

  private static let long = [UInt8](repeating: 0x61, count: Message.serviceIDByteCountMax)

  @Test(
    "names are taken as they are, up to the longest", arguments: [[], [[0x41]], [long, [0x41]]])
  func takes(list: [[UInt8]]) {
    let bytes = Self.names(list)
    var session = TunnelSession(
      .init(role: .source, mappings: [], connectionCountMax: 1), streamIDs: .beforeFirst)
    #expect(session.receive(bytes).kind == .servicesAgreed)
    #expect(session.serviceNames.map { Array($0.utf8) } == (list.isEmpty ? [[]] : list))
  }

  static let faults: [(name: String, list: [[UInt8]])] = [
    ("empty", [[]]), ("too long", [long + [0x61]]), ("not UTF-8", [[0xff]]),
    ("not UTF-8, of its repair's length", [[0xf0, 0x90, 0x80]]),
    ("twice", [[0x41], [0x42], [0x41]]),
    ("too many", (0...TunnelSession.serviceCountMax).map { Array("S\($0)".utf8) }),
  ]

  @Test("a name that cannot be used is the service's fault and crashes nothing", arguments: faults)
  func refuses(name: String, list: [[UInt8]]) {
    let bytes = Self.names(list)
    var session = TunnelSession(
      .init(role: .source, mappings: [nil], connectionCountMax: 1), streamIDs: .beforeFirst)
    guard case .violation = session.receive(bytes) else {
      Issue.record("\(name) was accepted")
      return
    }
  }
}
