import Basics
import Reactor
import Tunnel
import WebProxy

/// Name and version of this program, for `--version`, the User-Agent and the logs.
public enum ProgramVersion {
  public static let number = "0.1.0"
}

/// All that the user decided, validated: what the program is to do.
public final class Configuration {
  public internal(set) var role = TunnelRole.source
  public internal(set) var endpoint = Endpoint(host: "", port: 0)
  public internal(set) var accessToken = ""
  /// Where that was given.
  package private(set) var accessTokenPlace = ""
  /// Empty for none; with one the same access token may reconnect.
  public internal(set) var clientToken = ""
  /// That is made anew each time the configuration is read.
  var hasRandomClientToken = false
  /// Where that comes from, in words.
  package private(set) var clientTokenPlace = ""
  /// Of `--source-listen-port` or `--destination-app`: services that the tunnel must have. None with
  /// `--mode` alone.
  public internal(set) var mappings: [Mapping] = []
  /// Of the files in `--config-dir`: for services of the tunnel that `mappings` does not name.
  public internal(set) var directoryMappings: [Mapping] = []
  /// Where those files were looked for, as the end of a message; "" for nowhere.
  package internal(set) var directoryPlace = ""
  /// Standard input and output are the one client; the program ends with it.
  public var servesStandardStreams: Bool { mappings.first?.address.isStandard == true }
  /// What is run when the tunnel stands; the program ends with it. Nil for nothing.
  public internal(set) var command: CommandTemplate?
  /// All of them; a service that is in both is found in the first place.
  public var allMappings: [Mapping] { mappings + directoryMappings }
  /// What a source takes its destination for; a destination follows its source.
  public internal(set) var destinationVersion = ProtocolVersion.v3
  /// A source's: where it listens when a mapping names no host. A destination's: where it connects from, when
  /// `--local-bind-address` is a name, which is still to be looked up; else empty.
  public internal(set) var bindHost = ""
  /// Where a destination connects from; nil leaves it to the system, or to `bindHost`.
  public internal(set) var bindAddress: SocketAddress?
  public internal(set) var trustDirectory: String?
  public internal(set) var verifiesPeer = true
  /// Where the status is served; nil for nowhere. Without a host it is localhost.
  public internal(set) var statusPlace: LocalAddress?
  public package(set) var logLevel = LogLevel.info
  public private(set) var logFormat = LogFormat.text
  /// Nil for none on the way to the service.
  public internal(set) var webProxy: WebProxy?
  /// There is one that is not for this service.
  private var isExempt = false
  public internal(set) var settings = Settings()
  /// The token comes out of a file, which may have another one later.
  public internal(set) var hasTokenFile = false
  /// `--check`: only say what would be done.
  public internal(set) var isCheck = false
  /// What the user should know although nothing is wrong; logged at the start.
  public var warnings: [String] { found.texts }
  var found: Warnings
  /// Where the services listen.
  var places = ListeningPlaces(bindHost: "")

  /// Of values that are right already: for who has no command line.
  package init(
    role: TunnelRole, endpoint: Endpoint, accessToken: String, clientToken: String,
    mappings: [Mapping], bindHost: String, destinationVersion: ProtocolVersion,
    webProxy: WebProxy?, settings: Settings, hasTokenFile: Bool = false,
    statusPlace: LocalAddress? = nil
  ) {
    found = Warnings()
    self.role = role
    self.endpoint = endpoint
    self.accessToken = accessToken
    self.clientToken = clientToken
    self.mappings = mappings
    self.bindHost = bindHost
    self.destinationVersion = destinationVersion
    self.webProxy = webProxy
    self.settings = settings
    self.hasTokenFile = hasTokenFile
    self.statusPlace = statusPlace
  }

  /// What to do where the way to the service ends early.
  /// - Parameter part: of this machine, what it may be for want of.
  package func advice(onWay part: String) -> String {
    if let webProxy { return "check " + webProxy.variable }
    return "check --region or --proxy-endpoint, and this machine's %; %".with(
      part,
      isExempt
        ? "no_proxy, or its being on loopback, keeps it from https_proxy"
        : "behind a web proxy set https_proxy")
  }

  /// Program, version, system and TLS library.
  package var userAgent: String {
    "localproxy % (%) %".with(
      ProgramVersion.number, Process.systemName, Cryptography.libraryVersion)
  }

  /// What the command line asks for.
  public enum Request {
    case run(Configuration, ConfigurationReader)
    /// Print this on standard output and end well.
    case print(String)
  }

  /// Reads the command line, what files it names, and the environment. No connection is opened.
  public static func read() throws(UsageError) -> Request {
    let values = try OptionValues.commandLine()
    if values[.help] != nil {
      guard let text = Option.helpText else { Process.endForWantOfMemory() }
      return .print(text)
    }
    if values[.version] != nil {
      return .print("localproxy %, %\n".with(ProgramVersion.number, Cryptography.libraryVersion))
    }
    if let file = values[.exportDefaultSettings] {
      try SettingsFile.export(to: file, replaces: values[.force] != nil)
      return .print("")
    }
    let reader = ConfigurationReader(values)
    let configuration = try reader.read()
    configuration.webProxy = try WebProxy.select(for: configuration.endpoint) {
      Process.environment($0)
    }
    configuration.isExempt =
      configuration.webProxy == nil && WebProxy.given(in: { Process.environment($0) }) != nil
    wipeWebProxyPasswords()
    return .run(configuration, reader)
  }

  /// Overwrites the web proxies' variables with a password in them, which nothing reads any more.
  private static func wipeWebProxyPasswords() {
    for name in ["https_proxy", "HTTPS_PROXY"]
    where Process.environment(name)?.has(.at) == true {
      Process.wipeEnvironment(name)
    }
  }

  /// What is read and validated on its own: a mistake in one part does not hide those in others.
  private enum Part: Int, CaseIterable {
    case settings, accessToken, clientToken, endpoint, localSide, trust, status, level
  }

  /// Validates what was given. The error has all that is wrong.
  /// - Parameter machineID: nil when the machine has none.
  init(
    _ values: OptionValues, warnings: Warnings = Warnings(),
    machineID: String? = MachineID.read()
  ) throws(UsageError) {
    found = warnings
    if !values.strangeVariables.isEmpty { found.add(values.strangeVariables) }
    isCheck = values[.check] != nil
    var mistakes = Mistakes()
    var hasSettings = true
    // What the endpoint may be is the settings' to say.
    for part in Part.allCases where part != .endpoint || hasSettings {
      do throws(UsageError) {
        try read(part, values, machineID)
      } catch {
        if part == .settings { hasSettings = false }
        mistakes.add(error)
      }
    }
    try mistakes.end()
  }

  private func read(
    _ part: Part, _ values: OptionValues, _ machineID: String?
  ) throws(UsageError) {
    switch part {
    case .settings:
      guard let file = values[.settingsJSON] else { return }
      let read = try SettingsFile(file.text, warnings: found)
      (settings, found) = (read.settings, read.warnings)
    case .accessToken:
      (accessToken, accessTokenPlace, hasTokenFile) = try Self.accessToken(values, &found)
    case .clientToken:
      clientToken = try Self.clientToken(
        values, accessToken: accessToken, machineID: machineID, &found)
      hasRandomClientToken = values[.clientToken] == nil && machineID == nil
      clientTokenPlace =
        clientToken.isEmpty
        ? "none; the access token is spent by the first connection"
        : values[.clientToken]?.label
          ?? (machineID == nil ? "a random one" : "made of access token, machine and user")
    case .endpoint: endpoint = try Self.endpoint(values, settings)
    case .localSide: try readLocalSide(values)
    case .trust:
      if let directory = values[.capath] {
        try Self.checkDirectory(directory)
        trustDirectory = directory.text
      }
      verifiesPeer = !(try values[.noSSLHostVerify]?.flag() ?? false)
    case .status:
      if let given = values[.status] { try readStatusPlace(given) }
    case .level:
      if let given = values[.logFormat] {
        guard let format = LogFormat(given.text) else {
          throw given.fault("is none of " + LogFormat.names)
        }
        logFormat = format
      }
      logLevel = try LogLevel.parse(
        values[.verbose], else: servesStandardStreams || command != nil ? .warning : .info)
    }
  }

  /// Role, bind address and mappings.
  private func readLocalSide(_ values: OptionValues) throws(UsageError) {
    role = try Self.role(values)
    destinationVersion = Self.destinationVersion(values, &found)
    var mistakes = Mistakes()
    bindHost = role == .source ? settings.defaultBindAddress : ""
    if let bind = values[.localBindAddress] {
      do throws(UsageError) {
        bindHost = try Endpoint.parseHost(bind.text)
      } catch {
        mistakes.add(bind.fault(error.message))
      }
      if role == .destination, let address = SocketAddress(numeric: bindHost, port: 0) {
        bindHost = ""
        // Any address of both families is what the system would take by itself.
        bindAddress = address.isIPv6 && address.isWildcard ? nil : address
      }
    }
    places = ListeningPlaces(bindHost: bindHost)
    do throws(UsageError) {
      if let given = values[.sourceListenPort] ?? values[.destinationApp] {
        mappings = try Mapping.parse(given, role: role, &places)
        for mapping in mappings {
          let fault = fault(inPlaceOf: mapping)
          let place = mapping.address.description.excerpt
          if !fault.isEmpty {
            mistakes.add(UsageError("% '%': %", with: given.label, place, fault))
          }
        }
      }
    } catch {
      mistakes.add(error)
    }
    do throws(UsageError) {
      try readDirectory(values)
    } catch {
      mistakes.add(error)
    }
    try mistakes.end()
    try checkMappings(values)
    if values.command.isEmpty { return }
    if role == .destination || servesStandardStreams {
      throw UsageError("a command behind '--' is for a source that listens, as with -s SERVICE=0")
    }
    command = CommandTemplate(values.command)
  }
}

extension LogLevel {
  /// What is wrong with a text that is none.
  public static var mistake: String {
    "is not a level: 0 (off) to 6 (trace), and up to 255 the same"
  }

  /// Reads 0 to 255, of which all above 6 are trace.
  public static func parse(_ text: String) -> LogLevel? {
    guard let number = text.number, (0...255).contains(number) else { return nil }
    return LogLevel(rawValue: min(Int(number), LogLevel.trace.rawValue))
  }

  static func parse(
    _ value: OptionValue?, else level: LogLevel = .info
  ) throws(UsageError) -> LogLevel {
    guard let value else { return level }
    guard let level = parse(value.text) else {
      throw value.fault(mistake)
    }
    return level
  }
}
