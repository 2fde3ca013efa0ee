import Foundation

/// What can stand between client and server.
enum Contestant {
  case floor
  /// The floor once more under another name. How far its ratios to the floor lie from 1 is what
  /// this machine, in its present state, makes of no difference at all.
  case control
  case proxy(name: String, path: String)
  case tool(Tool)

  var name: String {
    switch self {
    case .floor: "floor"
    case .control: "control"
    case .proxy(let name, _): name
    case .tool(let tool): tool.rawValue
    }
  }

  var isProxy: Bool {
    if case .proxy = self { true } else { false }
  }
}

/// The three processes between client and server: client → source → hub → destination → server. The
/// hub is tunneld, or the floor's own.
final class Chain {
  /// What is different from the plain chain; of localproxy's alone.
  struct Layout {
    /// Between source and hub.
    var countsWireBytes = false
    /// Proxies offer compression, and the hub accepts it.
    var compresses = false
    /// Bytes a second that the hub takes from each end; 0 for as many as come.
    var bandwidth = 0
    /// What the proxies are told of it.
    var bandwidthSetting = 0
    /// Whether they pace themselves.
    var isPaced = true

    /// What the proxies are set to; 0 for their default.
    var connectionCountMax = 0
    /// The same.
    var stallTimeoutMilliseconds = 0
    /// The server has a process of its own, and so twice as many connections find descriptors.
    var hasServerProcess = false

    /// What else the hub is started with.
    var hubArguments: [String] {
      (compresses ? ["--compression"] : [])
        + (bandwidth == 0
          ? []
          : ["--bandwidth", "\(bandwidth)", "--latency", "\(Keystroke.latencyMilliseconds)"])
    }

    /// What the proxies are set to; nil for what they do by themselves.
    var settings: String? {
      var groups: [String] = []
      if compresses { groups.append(#""websocket": {"compression": true}"#) }
      var tunnel: [String] = []
      if bandwidthSetting > 0 { tunnel.append(#""bandwidth_limit": \#(bandwidthSetting)"#) }
      if !isPaced { tunnel.append(#""pacing": "off""#) }
      if !tunnel.isEmpty { groups.append(#""tunnel": {\#(tunnel.joined(separator: ", "))}"#) }
      var tcp: [String] = []
      if connectionCountMax > 0 {
        tcp.append(#""max_active_connections": \#(connectionCountMax)"#)
      }
      if stallTimeoutMilliseconds > 0 {
        tcp.append(#""stall_timeout_ms": \#(stallTimeoutMilliseconds)"#)
      }
      if !tcp.isEmpty { groups.append(#""tcp": {\#(tcp.joined(separator: ", "))}"#) }
      if groups.isEmpty { return nil }
      return #"{"tunneling": {"proxy": {\#(groups.joined(separator: ", "))}}}"#
    }
  }

  let contestant: Contestant
  let hub: Child
  let destination: Child
  let source: Child
  /// Where clients connect.
  let port: UInt16
  /// From the source's start until it listens.
  let startMilliseconds: Double
  /// The connection of the ping that showed the chain to work, still open.
  private(set) var firstConnection: Stream?
  let wiretap: Wiretap?
  /// What a measurement leaves here beside its figures, for plots.
  var curves: [Curve] = []

  /// Reports whether the program at source and destination speaks, by a ping through all of it.
  init(
    _ contestant: Contestant, programs: Programs, serverPort: UInt16, layout: Layout = Layout()
  ) throws {
    self.contestant = contestant
    let launch =
      switch contestant {
      case .floor, .control: try Launch(floor: programs.floor, serverPort: serverPort)
      case .proxy(_, let path):
        try Launch(
          proxy: path, tunneld: programs.tunneld, serverPort: serverPort, layout: layout)
      case .tool(let tool): try Launch(tool, serverPort: serverPort)
      }
    hub = launch.hub
    destination = launch.destination
    source = launch.source
    port = launch.port
    wiretap = launch.wiretap
    startMilliseconds = try launch.waitForSource()
    try waitForServer()
    if case .tool(.ssh) = contestant { try destination.measureChild() }
  }

  /// The source goes first and the hub last, so that none complains of another's end.
  func stop() {
    for child in [source, destination, hub] { child.terminate() }
    for child in [source, destination, hub] { child.stop() }
  }

  func connect() throws -> Stream {
    try Stream.connect(port: port)
  }

  /// The two under measurement.
  var ends: [Child] { [source, destination] }
  var children: [Child] { [source, destination, hub] }

  /// The ping's connection, for what must be the only one: a proxy may reset a stalled reader when
  /// there are others that it holds up.
  func onlyConnection() throws -> Stream {
    guard let firstConnection else { throw Failure("the chain never came up") }
    return firstConnection
  }

  /// Which of the three ended, and how; nil while all run.
  var casualties: String? {
    let ended = [source, destination, hub].compactMap { child in
      child.ending.map { "\(child.name) \($0)" }
    }
    return ended.isEmpty ? nil : ended.joined(separator: ", ")
  }

  private func waitForServer() throws {
    let start = Clock.now()
    while true {
      do {
        let stream = try connect()
        stream.patience(seconds: 5)
        try Request.ping.roundTrip(on: stream)
        stream.patience(seconds: Double(Stream.patienceSeconds))
        firstConnection = stream
        return
      } catch let failure as Failure {
        if let casualties { throw Failure("\(casualties) at the first connection") }
        guard Clock.seconds(since: start) < 15 else {
          throw Failure("no byte came through the tunnel within 15 s: \(failure)")
        }
        Clock.sleep(seconds: 0.1)
      }
    }
  }
}

/// Starts the processes of a chain, in the order they need each other.
struct Launch {
  let hub: Child
  let destination: Child
  let source: Child
  let port: UInt16
  var wiretap: Wiretap?

  init(floor: String, serverPort: UInt16) throws {
    hub = try Child(name: "hub", path: floor, arguments: ["hub", "--listen", "127.0.0.1:0"])
    let line = try hub.waitForLine("address", seconds: 10) { $0.hasPrefix("listening on ") }
    let address = String(line.dropFirst("listening on ".count))
    destination = try Child(
      name: "destination", path: floor,
      arguments: ["destination", "--hub", address, "--connect", "127.0.0.1:\(serverPort)"])
    port = try Listener.freePort()
    source = try Child(
      name: "source", path: floor,
      arguments: ["source", "--listen", "127.0.0.1:\(port)", "--hub", address])
  }

  init(proxy: String, tunneld: String, serverPort: UInt16, layout: Chain.Layout) throws {
    let directory = try Guardian.shared.temporaryDirectory()
    let state = directory + "/tunneld"
    hub = try Child(
      name: "tunneld", path: tunneld,
      arguments: ["-l", "127.0.0.1:0", "-D", state, "--services", "SSH1", "--open", "1"]
        + layout.hubArguments)
    let there = try Invitation(
      hub.waitForLine("destination's command", seconds: 10) {
        $0.contains(" -d ")
      })
    let here = try Invitation(
      hub.waitForLine("source's command", seconds: 10) {
        $0.contains(" -s ")
      })
    var common = ["-c", state + "/ca"]
    if let text = layout.settings {
      let settings = directory + "/settings.json"
      try text.write(toFile: settings, atomically: false, encoding: .utf8)
      common += ["--settings-json", settings]
    }
    destination = try Child(
      name: "destination", path: proxy,
      arguments: common + ["-e", there.endpoint, "-d", "SSH1=127.0.0.1:\(serverPort)"],
      environment: [Invitation.variable: there.token])
    // A baseline may say it in other words or not at all; the ping that follows decides.
    _ = try? destination.waitForLine("readiness", seconds: 3) {
      $0.contains("ready:") || $0.contains("established websocket connection")
    }
    port = try Listener.freePort()
    if layout.countsWireBytes { wiretap = try Wiretap(to: here.port) }
    let endpoint = wiretap.map { "localhost:\($0.port)" } ?? here.endpoint
    source = try Child(
      name: "source", path: proxy,
      arguments: common + ["-b", "127.0.0.1", "-e", endpoint, "-s", "SSH1=\(port)"],
      environment: [Invitation.variable: here.token])
  }

  func waitForSource() throws -> Double {
    while !Listener.isListening(port: port) {
      if let ending = source.ending {
        throw Failure("source \(ending) before it listened: \(source.lastLine)")
      }
      guard Clock.seconds(since: source.startTime) < 15 else {
        throw Failure("source: not listening within 15 s: \(source.lastLine)")
      }
      Clock.sleep(seconds: 0.0003)
    }
    return Clock.seconds(since: source.startTime) * 1e3
  }
}

/// What a line of tunneld's says: `AWSIOT_TUNNEL_ACCESS_TOKEN=… localproxy -e HOST:PORT …`.
struct Invitation {
  static let variable = "AWSIOT_TUNNEL_ACCESS_TOKEN"
  let token: String
  let endpoint: String
  let port: UInt16

  init(_ line: String) throws {
    let words = line.split(separator: " ").map(String.init)
    guard let first = words.first, first.hasPrefix(Self.variable + "="),
      let flag = words.firstIndex(of: "-e"), flag + 1 < words.count
    else { throw Failure("tunneld: no command in '\(line.prefix(40))…'") }
    token = String(first.dropFirst(Self.variable.count + 1))
    endpoint = words[flag + 1]
    guard let port = UInt16(endpoint.split(separator: ":").last ?? "") else {
      throw Failure("tunneld: no port in '\(endpoint)'")
    }
    self.port = port
  }
}
