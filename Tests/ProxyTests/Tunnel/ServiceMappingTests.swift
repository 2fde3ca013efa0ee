import Testing
import Tunnel

@Suite("TunnelSession's services")
struct ServiceMappingTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    var role: TunnelRole?
    let mappings: [String?]
    let services: [String]
    /// Index into the mappings for each service; nil when they do not go together.
    let mappingOfService: [Int?]?
    var testDescription: String { name }

    init(
      _ name: String, _ mappings: [String?], _ services: [String], _ mappingOfService: [Int?]?,
      at role: TunnelRole? = nil
    ) {
      self.name = name
      self.role = role
      self.mappings = mappings
      self.services = services
      self.mappingOfService = mappingOfService
    }
  }

  private static let rows: [Row] = [
    Row("one service, mapped", ["SSH1"], ["SSH1"], [0]),
    Row("one service, one mapping without a name", [nil], ["SSH1"], [0]),
    Row("two services in another order", ["HTTP1", "SSH1"], ["SSH1", "HTTP1"], [1, 0]),
    Row("no services, one mapping", [nil], [], [0]),
    Row("no services, one mapping with a name", ["SSH1"], [], [0]),
    Row("no services, two mappings", ["SSH1", "HTTP1"], [], nil),
    Row("a mapping for no service", ["SSH1", "FTP1"], ["SSH1", "HTTP1"], nil),
    Row("a mapping for another service", ["FTP1"], ["SSH1"], nil),
    Row("a mapping in another case", ["ssh1"], ["SSH1"], nil),
    Row("two services, one mapping without a name", [nil], ["SSH1", "HTTP1"], nil),
    Row("a service without a mapping", ["SSH1"], ["SSH1", "HTTP1"], [0, nil], at: .source),
    Row("a service without a mapping", ["SSH1"], ["SSH1", "HTTP1"], nil, at: .destination),
    Row("no mapping at all", [], ["SSH1"], [nil], at: .source),
  ]

  @Test("services and mappings must go together", arguments: rows)
  func agrees(_ row: Row) {
    for role in [TunnelRole.source, .destination] where (row.role ?? role) == role {
      var session = TunnelSession(
        .init(role: role, mappings: row.mappings, connectionCountMax: 8), streamIDs: .beforeFirst)
      let action = session.receiveServiceIDs(row.services)
      #expect(session.areServicesAgreed == (row.mappingOfService != nil))
      guard let mappingOfService = row.mappingOfService else {
        #expect(action.kind == .servicesMismatch && action.reason?.isEmpty == false)
        continue
      }
      #expect(action.kind == .servicesAgreed && session.mappingOfService == mappingOfService)
      #expect(session.serviceNames == (row.services.isEmpty ? [""] : row.services))
    }
  }

  @Test("a mismatch names what does not fit")
  func namesMismatch() {
    for (role, mappings, services, words) in [
      (.source, ["FTP1"], ["SSH1", "HTTP1"], ["FTP1", "SSH1", "HTTP1"]),
      (.destination, ["SSH1"], ["SSH1", "HTTP1"], ["HTTP1", "-d"]),
      (.source, [nil], ["SSH1", "HTTP1"], ["SSH1", "HTTP1"]),
    ] as [(TunnelRole, [String?], [String], [String])] {
      var session = TunnelSession(
        .init(role: role, mappings: mappings, connectionCountMax: 8), streamIDs: .beforeFirst)
      let reason = session.receiveServiceIDs(services).reason ?? ""
      for word in words { #expect(reason.contains(word), "\(reason)") }
    }
  }

  @Test("SERVICE_IDS said again changes nothing")
  func ignoresRepetition() {
    var session = TunnelSession.agreed(.destination, services: ["SSH1"])
    session.openStream()
    #expect(session.receiveServiceIDs(["HTTP1"]).kind == .dropped)
    #expect(session.serviceNames == ["SSH1"])
    #expect(session.receive(.data).kind == .deliver(0))
  }
}
