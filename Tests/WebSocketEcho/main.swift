import Basics
import Configuration
import Reactor

/// The programs that scripts/autobahn tests: an echo server and an echo client, made of what localproxy ships.
private enum Request {
  case serve(port: UInt16, compresses: Bool)
  case run(port: UInt16, agent: String, compresses: Bool)
  case help(String)

  static var table: OptionTable {
    OptionTable(
      program: "WebSocketEcho", usage: ["WebSocketEcho --listen PORT | --connect PORT"],
      summary: "Echoes WebSocket messages, on 127.0.0.1, for a conformance suite to test.",
      options: [
        OptionDescription("help", "h", nil, "print this and exit"),
        OptionDescription("listen", "l", "PORT", "serve; port 0 picks a free one"),
        OptionDescription("connect", "c", "PORT", "run all cases of the fuzzing server there"),
        OptionDescription("agent", "a", "NAME", "the client's name in the reports"),
        OptionDescription("compression", nil, nil, "offer or accept permessage-deflate"),
      ], epilogue: [])
  }

  static func read() throws(UsageError) -> Request {
    var request: Request?
    var agent = "client"
    var compresses = false
    for option in try table.read() {
      switch option.index {
      case 0: return .help(table.helpText)
      case 1: request = .serve(port: try port(option.argument), compresses: false)
      case 2: request = .run(port: try port(option.argument), agent: "", compresses: false)
      case 3: agent = option.argument
      default: compresses = true
      }
    }
    switch request {
    case .run(let port, _, _): return .run(port: port, agent: agent, compresses: compresses)
    case .serve(let port, _): return .serve(port: port, compresses: compresses)
    default: throw UsageError("either --listen or --connect is needed")
    }
  }

  private static func port(_ text: String) throws(UsageError) -> UInt16 {
    guard let number = text.number, let port = UInt16(exactly: number) else {
      throw UsageError("'\(text)' is not a port")
    }
    return port
  }
}

/// - Returns: the exit status.
private func run(_ request: Request) throws(SystemError) -> Int32 {
  let reactor = try Reactor()
  switch request {
  case .help(let text): StandardStream.output.write(text)
  case .serve(let port, let compresses):
    guard let address = SocketAddress(numeric: "127.0.0.1", port: port) else { return 2 }
    let server = EchoServer(network: reactor, compresses: compresses)
    let bound = try server.listen(on: address)
    StandardStream.output.write("listening on \(bound.description)\n")
    try reactor.run()
    withExtendedLifetime(server) {}
  case .run(let port, let agent, let compresses):
    guard let address = SocketAddress(numeric: "127.0.0.1", port: port) else { return 2 }
    let client = EchoClient(
      reactor: reactor, address: address, agent: agent, compresses: compresses)
    client.start()
    try reactor.run()
    if let failure = client.failure {
      StandardStream.error.write("WebSocketEcho: \(failure)\n")
      return 1
    }
  }
  return 0
}

private func main() -> Int32 {
  Process.prepareStandardStreams()
  let request: Request
  do throws(UsageError) {
    request = try Request.read()
  } catch {
    StandardStream.error.write("WebSocketEcho: \(error.message). Try 'WebSocketEcho --help'.\n")
    return 2
  }
  do throws(SystemError) {
    return try run(request)
  } catch {
    StandardStream.error.write("WebSocketEcho: \(error.operation) failed: \(error.reason)\n")
    return 1
  }
}

Process.exit(main())
