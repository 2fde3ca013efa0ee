import Testing

@testable import Tunnel

@Suite("TunnelSession of older versions")
struct SessionVersionTests {
  @Test(
    "a source leaves out the ids that its destination does not know",
    arguments: [
      (.v1, "", 0), (.v2, "SSH1", 0), (.v3, "SSH1", 1),
    ] as [(ProtocolVersion, String, UInt32)])
  func leavesOutIDs(version: ProtocolVersion, service: String, connectionID: UInt32) {
    var session = TunnelSession.agreed(.source, version: version)
    #expect(session.open(service: 0) == .opened(slot: 0, .streamStart))
    for type in [MessageType.streamStart, .data] {
      let header = session.header(type, slot: 0)
      #expect(header?.serviceID == Array(service.utf8))
      #expect(header?.connectionID == connectionID && header?.streamID == 1)
    }
    let reset = session.resetHeader(slot: 0, isCut: false)
    #expect(reset?.type == (version == .v3 ? .connectionReset : .streamReset))
    #expect(reset?.connectionID == connectionID && reset?.serviceID == Array(service.utf8))
  }

  @Test("without connection ids the next client gets a stream of its own", arguments: [1, 2])
  func replacesConnection(version: Int) {
    var session = TunnelSession.agreed(.source, version: version == 1 ? .v1 : .v2)
    #expect(session.replaces(service: 0) == false)
    _ = session.open(service: 0)
    #expect(session.replaces(service: 0) == true)
    let reset = session.resetHeader(slot: 0, isCut: false)
    #expect(reset?.type == .streamReset && reset?.streamID == 1)
    #expect(session.resetHeader(slot: 0, isCut: false) == nil, "the stream is over")
    #expect(session.open(service: 0) == .opened(slot: 1, .streamStart))
    #expect(session.header(.data, slot: 1)?.streamID == 2)
    #expect(session.header(.data, slot: 0) == nil)
    #expect(session.receive(.data, stream: 1, connection: 0).kind == .dropped)
    #expect(session.receive(.data, stream: 2, connection: 0).kind == .deliver(1))
  }

  @Test(
    "a destination does as each stream's start does",
    arguments: [
      ("", 0, "", 0, .streamReset), ("SSH1", 0, "SSH1", 0, .streamReset),
      ("SSH1", 1, "SSH1", 1, .connectionReset), ("", 7, "", 7, .connectionReset),
    ] as [(String, UInt32, String, UInt32, MessageType)])
  func followsSource(
    service: String, connectionID: UInt32, expectedService: String, expectedID: UInt32,
    reset: MessageType
  ) {
    var session = TunnelSession.agreed(.destination)
    // What an earlier stream was like does not count.
    _ = session.receive(.streamStart, stream: 1, connection: 3)
    session.release(slot: 0)
    let start = session.receive(
      .streamStart, stream: 2, connection: connectionID, service: service)
    #expect(start.kind == .start(0))
    let header = session.header(.data, slot: 0)
    #expect(header?.serviceID == Array(expectedService.utf8))
    #expect(header?.connectionID == expectedID)
    let deliver = session.receive(.data, stream: 2, connection: connectionID, service: service)
    #expect(deliver.kind == .deliver(0))
    #expect(session.resetHeader(slot: 0, isCut: false)?.type == reset)
    let late = session.receive(.data, stream: 2, connection: connectionID, service: service)
    #expect(late.kind == (reset == .streamReset ? .dropped : .deliver(0)))
  }

  @Test("a full destination answers a start without connection id by the stream's reset")
  func refusesWholeStream() {
    var session = TunnelSession.agreed(
      .destination, services: ["SSH1", "HTTP1"], connectionCountMax: 1)
    _ = session.receive(.streamStart, connection: 0)
    let action = session.receive(.streamStart, stream: 4, connection: 0, service: "HTTP1")
    #expect(action.kind == .full(1, 4, 0))
    let header = session.resetHeader(service: 1, streamID: 4, connectionID: 0)
    #expect(header.type == .streamReset && header.connectionID == 0)
    #expect(session.receive(.data, stream: 4, connection: 0, service: "HTTP1").kind == .dropped)
  }

  @Test("a stream that began without connection ids has one connection at a time")
  func refusesSecondConnection() {
    var session = TunnelSession.agreed(.destination)
    _ = session.receive(.streamStart, connection: 0)
    #expect(session.receive(.connectionStart, connection: 2).kind == .reply(0, 1, 2))
    #expect(session.connectionCount == 1)
    #expect(session.resetHeader(service: 0, streamID: 1, connectionID: 2).connectionID == 2)
    #expect(session.receive(.data, connection: 0).kind == .deliver(0))
  }

  @Test(
    "the first version knows one service, whatever its name, and no list",
    arguments: [[], ["SSH1"], ["SSH1", "HTTP1"]])
  func agreesOnOne(services: [String]) {
    var options = TunnelSession.Options(
      role: .source, mappings: services.isEmpty ? [nil] : services.map { $0 },
      connectionCountMax: 8)
    options.version = .v1
    var session = TunnelSession(options, streamIDs: .beforeFirst)
    let action = session.receiveServiceIDs(services)
    #expect(action.kind == (services.count > 1 ? .servicesMismatch : .servicesAgreed))
    var unlisted = TunnelSession(options, streamIDs: .beforeFirst)
    #expect(
      unlisted.agreeWithoutList().kind == (services.count > 1 ? .servicesMismatch : .servicesAgreed)
    )
    if services.count <= 1 { #expect(unlisted.serviceNames == [""]) }
  }

  @Test("an end of the first version takes any service's name for that of its one service")
  func takesAnyName() {
    var options = TunnelSession.Options(
      role: .destination, mappings: [nil], connectionCountMax: 8)
    options.version = .v1
    var session = TunnelSession(options, streamIDs: .beforeFirst)
    #expect(session.agreeWithoutList().kind == .servicesAgreed)
    #expect(session.receive(.streamStart).kind == .start(0))
    #expect(session.receive(.data).kind == .deliver(0))
    #expect(session.header(.data, slot: 0)?.serviceID == [])
  }

  @Test("mappings of a directory need not be in the tunnel, and count behind the others")
  func takesOptionalMappings() {
    for role in [TunnelRole.source, .destination] {
      var options = TunnelSession.Options(role: role, mappings: ["A"], connectionCountMax: 8)
      options.optionalMappings = ["X", "B"]
      var session = TunnelSession(options, streamIDs: .beforeFirst)
      #expect(session.receiveServiceIDs(["B", "A"]).kind == .servicesAgreed)
      #expect(session.mappingOfService == [2, 0])
    }
    var options = TunnelSession.Options(role: .source, mappings: [], connectionCountMax: 8)
    options.optionalMappings = ["X"]
    var session = TunnelSession(options, streamIDs: .beforeFirst)
    #expect(session.receiveServiceIDs([]).kind == .servicesAgreed)
    #expect(session.mappingOfService == [nil], "a free port, not that of another service")
    options.role = .destination
    var destination = TunnelSession(options, streamIDs: .beforeFirst)
    #expect(destination.receiveServiceIDs([]).kind == .servicesMismatch)
  }

  // MARK: Advice

  @Test(
    "a destination's first word shows its version",
    arguments: [
      (.v3, "SSH1", 1, nil), (.v3, "SSH1", 0, .olderDestination(.v2)),
      (.v3, "", 0, .olderDestination(.v1)), (.v2, "SSH1", 0, nil),
      (.v2, "", 0, .olderDestination(.v1)), (.v2, "SSH1", 1, .newerDestination), (.v1, "", 0, nil),
    ] as [(ProtocolVersion, String, UInt32, TunnelSession.Advice?)])
  func judgesDestination(
    version: ProtocolVersion, service: String, connectionID: UInt32,
    advice: TunnelSession.Advice?
  ) {
    var session = TunnelSession.agreed(.source, version: version)
    _ = session.open(service: 0)
    let action = session.receive(.data, connection: connectionID, service: service)
    #expect(action.kind == .deliver(0))
    #expect(session.advice == advice)
    if let advice { #expect(advice.text.contains("--destination-client-type")) }
    session.advice = nil
    _ = session.receive(.data, connection: connectionID, service: service)
    #expect(session.advice == nil, "it is said once")
  }

  @Test("where services have no names, V1 and V2 look alike, and the advice names both")
  func judgesNamelessDestination() {
    var session = TunnelSession.agreed(.source, services: [])
    _ = session.open(service: 0)
    _ = session.receive(.data, connection: 0, service: "")
    #expect(session.advice == .olderDestination(nil))
    let text = session.advice?.text ?? ""
    #expect(text.contains("--destination-client-type V1") && text.contains("V2"))
    #expect(session.open(service: 0) == .opened(slot: 1, .streamStart))
  }

  @Test("an older destination is spoken to as it does from then on")
  func goesDown() {
    var session = TunnelSession.agreed(.source)
    _ = session.open(service: 0)
    _ = session.receive(.data, connection: 0)
    #expect(session.header(.data, slot: 0)?.connectionID == 0)
    #expect(session.replaces(service: 0) == true, "it does not know CONNECTION_START")
    #expect(session.resetHeader(slot: 0, isCut: false)?.type == .streamReset)
    #expect(session.open(service: 0) == .opened(slot: 1, .streamStart))
    #expect(session.header(.data, slot: 1)?.connectionID == 0)
  }

  @Test(
    "with two clients before its first word, a stream of the older kind begins when both are gone")
  func goesDownLate() {
    var session = TunnelSession.agreed(.source)
    session.openStream(connections: 2)
    _ = session.receive(.data, connection: 0)
    #expect(session.advice == .olderDestination(.v2))
    session.release(slot: 0)
    session.release(slot: 1)
    #expect(session.open(service: 0) == .opened(slot: 1, .streamStart))
    #expect(session.header(.data, slot: 1)?.connectionID == 0)
  }

  @Test("a destination sees a source that is older or newer than the tunnel needs")
  func judgesSource() {
    var older = TunnelSession.agreed(.destination, services: ["A", "B"])
    #expect(older.receive(.streamStart, connection: 0, service: "").kind == .dropped)
    #expect(older.advice == .olderSource)
    var newer = TunnelSession.agreed(.destination, version: .v2)
    #expect(newer.receive(.streamStart).kind == .start(0))
    #expect(newer.advice == .newerSource)
  }
}
