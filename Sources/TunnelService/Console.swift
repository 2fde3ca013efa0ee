import Basics
import Reactor
import Tunnel

/// What can be asked of a running tunneld, a line each. An answer is commands to paste, or comments to a shell.
final class Console: DialogueHandler {
  private static let rotation = "rotate TUNNEL [source|destination]"
  /// A line for each command.
  static let help = [
    "  list                                the tunnels, and who is connected",
    "  rotate TUNNEL [source|destination]  new tokens for both ends or one; the old ones are refused",
    "  close TUNNEL                        end it, and refuse its tokens",
    "  open [NAME[,NAME…]]                 open a tunnel, with the services of --services or these",
    "  help                                print this",
  ]

  private let service: TunnelService
  private let log: Log
  private var commands: PrintedCommands
  /// Of a tunnel that is opened without a list.
  private let services: [String]

  init(service: TunnelService, commands: PrintedCommands, services: [String], log: Log) {
    self.service = service
    self.commands = commands
    self.services = services
    self.log = log
  }

  /// Opens the tunnels of the start.
  /// - Returns: what is to be known of them.
  func openTunnels(_ count: Int) throws(TLSError) -> String {
    var text = count > 0 ? commands.hint + commands.missingServers(services) : ""
    for _ in 0..<count { text += try openTunnel(services) }
    return text
  }

  func dialogueEnded() { log.commandsEnded() }

  func answer(to line: [UInt8]?) -> String {
    do throws(UsageError) {
      guard let line else {
        throw UsageError("a line has \(Dialogue.lineByteCountMax) octets at the most")
      }
      let text = line[...].trimmed.text
      if text.octets != Array(line[...].trimmed) { throw UsageError("that is not UTF-8 text") }
      let name = text.octets[...].beforeFirst(.space)
      return try answer(name.text, text.octets[name.endIndex...].trimmed)
    } catch {
      return Self.comment([error.message])
    }
  }

  private func answer(
    _ name: String, _ argument: ArraySlice<UInt8>
  ) throws(UsageError) -> String {
    switch name {
    case "": return ""
    case "list":
      try expectNothing(argument, name)
      return list
    case "help":
      try expectNothing(argument, name)
      return Self.comment(Self.help)
    case "open":
      let services =
        argument.isEmpty ? services : try DaemonOptions.parseServices(argument.text, "open")
      return try orUsageError { () throws(TLSError) in
        commands.hint + commands.missingServers(services) + (try openTunnel(services))
      }
    case "close":
      let tunnel = try tunnel(argument, "close TUNNEL")
      service.close(tunnel)
      return Self.comment(["tunnel \(tunnel.number) is closed"])
    case "rotate": return try rotate(argument)
    default: throw UsageError("unknown command \(name.quoted); 'help' lists them all")
    }
  }

  private static func comment(_ lines: [String]) -> String {
    var text = ""
    for line in lines { text += "# " + line.printable + "\n" }
    return text
  }

  private func expectNothing(
    _ argument: ArraySlice<UInt8>, _ name: String
  ) throws(UsageError) {
    if !argument.isEmpty { throw UsageError("'\(name)' stands alone on its line") }
  }

  /// The open tunnel of a number.
  private func tunnel(
    _ text: ArraySlice<UInt8>, _ usage: String
  ) throws(UsageError) -> Tunnel {
    if text.isEmpty { throw UsageError("it is '\(usage)'; 'list' shows the tunnels' numbers") }
    guard let number = text.text.number, let tunnel = service.tunnel(number) else {
      throw UsageError("there is no tunnel \(text.text.quoted); 'list' shows their numbers")
    }
    if let reason = tunnel.endReason { throw UsageError("tunnel \(number) is over: \(reason)") }
    return tunnel
  }

  private func orUsageError(
    _ body: () throws(TLSError) -> String
  ) throws(UsageError) -> String {
    do throws(TLSError) { return try body() } catch { throw UsageError(error.reason) }
  }

  // MARK: Commands

  private func openTunnel(_ services: [String]) throws(TLSError) -> String {
    let pair = try service.openTunnel(services: services)
    return commands.text(
      tunnel: service.tunnels.count, services: services, source: try bound(pair.source),
      destination: try bound(pair.destination))
  }

  private func bound(_ token: String) throws(TLSError) -> NewToken {
    NewToken(access: token, client: try service.network.randomUUID())
  }

  private func rotate(_ argument: ArraySlice<UInt8>) throws(UsageError) -> String {
    let number = argument.beforeFirst(.space)
    var roles = [TunnelRole.destination, .source]
    switch argument[number.endIndex...].trimmed.text {
    case "": break
    case "source": roles = [.source]
    case "destination": roles = [.destination]
    default: throw UsageError("it is '\(Self.rotation)'")
    }
    let tunnel = try tunnel(number, Self.rotation)
    return try orUsageError { () throws(TLSError) in
      var source: NewToken?
      var destination: NewToken?
      for role in roles {
        let token = try bound(try service.rotateToken(of: tunnel, role))
        if role == .source { source = token } else { destination = token }
      }
      return commands.hint
        + commands.text(
          tunnel: tunnel.number, services: tunnel.services, source: source,
          destination: destination)
    }
  }

  private var list: String {
    if service.tunnels.count == 0 {
      return Self.comment(["there is no tunnel yet; 'open' makes one"])
    }
    var lines: [String] = []
    for tunnel in service.tunnels { lines.append(Self.line(tunnel)) }
    return Self.comment(lines)
  }

  private static func line(_ tunnel: Tunnel) -> String {
    var line = "tunnel \(tunnel.number)"
    if !tunnel.services.isEmpty {
      line += " (" + tunnel.services.joined(separator: ", ").excerpt + ")"
    }
    if let reason = tunnel.endReason { return line + ": over, " + reason }
    return line + ": " + end(.source, of: tunnel) + ", " + end(.destination, of: tunnel)
  }

  private static func end(_ role: TunnelRole, of tunnel: Tunnel) -> String {
    guard let end = tunnel.end(role) else { return "no " + role.localProxyMode }
    return role.localProxyMode + " from " + end.socketAddress.description
  }
}
