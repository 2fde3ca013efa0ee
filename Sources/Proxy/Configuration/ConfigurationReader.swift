import Basics
import Reactor
import Tunnel

/// Reads the configuration, and reads it again: the command line and the environment as they were at the start, the files
/// as they are now.
public final class ConfigurationReader {
  private let commandLine: OptionValues
  private var environment: OptionValues?
  /// What came by standard input, if the token did.
  private var token = ""

  init(_ commandLine: OptionValues) { self.commandLine = commandLine }

  /// No connection is opened. The web proxy is not among it.
  public func read() throws(UsageError) -> Configuration {
    var values = commandLine
    var warnings = Warnings()
    if let file = values[.config] { try values.addFile(file.text, warnings: &warnings) }
    if let environment {
      values.add(below: environment)
      values.replaceStandardInput(by: token)
    } else {
      // Its secrets are wiped, and so it is read once.
      var environment = OptionValues()
      try environment.addEnvironment(below: commandLine)
      self.environment = environment
      values.add(below: environment)
    }
    let configuration = try Configuration(values, warnings: warnings)
    token = configuration.accessToken
    return configuration
  }
}

extension Configuration {
  /// Takes other tokens; false when they are the same. One that is made at random is another each time, for no reason.
  package func takeToken(of other: Configuration) -> Bool {
    if other.accessToken.isSame(as: accessToken)
      && (other.clientToken.isSame(as: clientToken) || other.hasRandomClientToken)
    {
      return false
    }
    accessToken = other.accessToken
    clientToken = other.clientToken
    return true
  }

  /// The mappings' services, in their order.
  private var serviceList: String {
    var list = Int(mappings.count).decimal
    for mapping in allMappings { list = "%,%".with(list, mapping.serviceID ?? "") }
    return list
  }

  /// Takes what another one has; the web proxy and the command stay.
  /// - Returns: what is other and cannot be so while the program runs: then nothing is taken. "" when all is.
  package func take(_ other: Configuration) -> String {
    if role != other.role || servesStandardStreams != other.servesStandardStreams { return "role" }
    if verifiesPeer != other.verifiesPeer
      || !(trustDirectory ?? "").isSame(as: other.trustDirectory ?? "")
    {
      return "trust"
    }
    if logFormat != other.logFormat { return "log format" }
    // The tunnel's services were agreed on with these.
    if !serviceList.isSame(as: other.serviceList) { return "services, or of their order," }
    _ = takeToken(of: other)
    hasTokenFile = other.hasTokenFile
    logLevel = other.logLevel
    endpoint = other.endpoint
    mappings = other.mappings
    directoryMappings = other.directoryMappings
    directoryPlace = other.directoryPlace
    destinationVersion = other.destinationVersion
    bindHost = other.bindHost
    bindAddress = other.bindAddress
    settings = other.settings
    return ""
  }
}
