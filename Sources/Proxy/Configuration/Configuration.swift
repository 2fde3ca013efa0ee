import Basics
import Reactor

/// Name and version of this program, for `--version`, the User-Agent and the logs.
public enum ProgramVersion {
  public static let number = "0.1.0"
}

/// All that the user decided, validated: what the program is to do.
public final class Configuration {
  public var role: TunnelRole
  public var endpoint: Endpoint
  public var accessToken: String
  /// Empty for none; with one the same access token may reconnect.
  public var clientToken: String
  /// Of `--source-listen-port` or `--destination-app`: services that the tunnel must have. None with
  /// `--mode` alone.
  public var mappings: [Mapping]
  /// Of the files in `--config-dir`: for services of the tunnel that `mappings` does not name.
  public var directoryMappings: [Mapping] = []
  /// All of them; a service that is in both is found in the first place.
  public var allMappings: [Mapping] { mappings + directoryMappings }
  /// What a source takes its destination for; a destination follows its source.
  public var destinationVersion = ProtocolVersion.v3
  /// A source's: where it listens when a mapping names no host. A destination's: where it connects from, when
  /// `--local-bind-address` is a name, which is still to be looked up; else empty.
  public var bindHost: String
  /// Where a destination connects from; nil leaves it to the system, or to `bindHost`.
  public var bindAddress: SocketAddress?
  public var trustDirectory: String?
  public var verifiesPeer: Bool
  public var logLevel: LogLevel
  /// Nil for none on the way to the service.
  public var webProxy: WebProxy?
  public var settings: Settings
  /// What the user should know although nothing is wrong; logged at the start.
  public var warnings: [String] = []

  /// Program, version, system and TLS library.
  var userAgent: String {
    "localproxy \(ProgramVersion.number) (\(Process.systemName)) \(Cryptography.libraryVersion)"
  }

  /// What the command line asks for.
  public enum Request {
    case run(Configuration)
    /// Print this on standard output and end well.
    case print(String)
  }

  /// Reads the command line, what files it names, and the environment. No connection is opened.
  public static func read() throws(UsageError) -> Request {
    var values = try OptionValues.commandLine()
    if values[.help] != nil { return .print(Option.table.helpText) }
    if values[.version] != nil {
      return .print("localproxy \(ProgramVersion.number), \(Cryptography.libraryVersion)\n")
    }
    if let file = values[.exportDefaultSettings] {
      do throws(SystemError) {
        try File.write(file.text, SettingsFile.exported())
      } catch {
        throw file.fault("cannot be written: \(error.reason)")
      }
      return .print("")
    }
    var warnings = Warnings()
    if let file = values[.config] { try values.addFile(file.text, warnings: &warnings) }
    try values.addEnvironment()
    let configuration = try Configuration(values, warnings: warnings)
    configuration.webProxy = try WebProxy.select(for: configuration.endpoint) {
      Process.environment($0)
    }
    WebProxy.wipePasswords()
    return .run(configuration)
  }

  /// Validates what was given.
  /// - Parameter machineID: nil when the machine has none.
  init(
    _ values: OptionValues, warnings given: Warnings = Warnings(),
    machineID: String? = MachineID.read()
  ) throws(UsageError) {
    var warnings = given
    settings = Settings()
    if let file = values[.settingsJSON] {
      let read = try SettingsFile(file.text, warnings: warnings)
      (settings, warnings) = (read.settings, read.warnings)
    }
    accessToken = try Self.accessToken(values, &warnings)
    clientToken = try Self.clientToken(
      values, accessToken: accessToken, machineID: machineID, &warnings)
    endpoint = try Self.endpoint(values, settings)
    role = try Self.role(values)
    mappings = []
    destinationVersion = Self.destinationVersion(values, &warnings)
    bindHost = role == .source ? settings.defaultBindAddress : ""
    bindAddress = nil
    if let bind = values[.localBindAddress] {
      do throws(UsageError) {
        bindHost = try Endpoint.parseHost(bind.text)
      } catch {
        throw bind.fault(error.message)
      }
      if role == .destination, let address = SocketAddress(numeric: bindHost, port: 0) {
        bindHost = ""
        // Any address of both families is what the system would take by itself.
        bindAddress = address.isIPv6 && address.isWildcard ? nil : address
      }
    }
    if let text = values[.sourceListenPort] ?? values[.destinationApp] {
      mappings = try Mapping.parse(text, role: role, bindHost: bindHost, warnings: &warnings)
    }
    directoryMappings = try Self.directoryMappings(values, role, &warnings)
    trustDirectory = values[.capath]?.text
    if let directory = values[.capath], !Process.directoryExists(directory.text) {
      throw directory.fault("is not a directory")
    }
    verifiesPeer = !(try values[.noSSLHostVerify]?.flag() ?? false)
    logLevel = try LogLevel.parse(values[.verbose])
    self.warnings = warnings.texts
  }
}

extension LogLevel {
  /// Reads 0 to 255, of which all above 6 are trace; `info` when nothing is given.
  public static func parse(_ text: String) -> LogLevel? {
    guard let number = text.number, (0...255).contains(number) else { return nil }
    return LogLevel(rawValue: min(Int(number), LogLevel.trace.rawValue))
  }

  static func parse(_ value: OptionValue?) throws(UsageError) -> LogLevel {
    guard let value else { return .info }
    guard let level = parse(value.text) else {
      throw value.fault("is not a level; it goes from 0 (off) to 6 (trace)")
    }
    return level
  }
}
