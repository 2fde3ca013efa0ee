import Basics
import Reactor

/// The parts of a configuration that several options decide.
extension Configuration {
  /// Bytes of an access token, at the most. The service takes requests of 4,096 bytes, and everything else in
  /// ours has fewer than 1,024.
  static let accessTokenByteCountMax = 3_072
  static let clientTokenByteCounts = 32...128
  /// Where mappings are looked for without `--config-dir`.
  static let defaultDirectory = "./config"

  /// The token of the highest layer that has one, by itself or in a file.
  static func accessToken(
    _ values: OptionValues, _ warnings: inout Warnings
  ) throws(UsageError) -> String {
    let given = values[.accessToken]
    let file = values[.accessTokenFile]
    if let given, let file, given.layer == file.layer { throw given.excludes(file) }
    guard var source = given ?? file else {
      throw UsageError("there is no access token; set \(Option.variables[0].name)")
    }
    var token = source.text
    if let file, file.layer.rawValue <= source.layer.rawValue {
      source = file
      token = try firstLine(file, &warnings)
    } else if source.layer == .commandLine {
      warnings.add(
        "\(source.label) shows the token in the shell's history, and in 'ps' until it is read; "
          + "better set \(Option.variables[0].name) or use --access-token-file")
    }
    // The value of --access-token-file is no secret, but what is in the file is.
    if token.isEmpty { throw UsageError("\(source.label): the access token is empty") }
    if token.utf8.count > accessTokenByteCountMax {
      throw UsageError("\(source.label): the access token is longer than any")
    }
    if !token.consists(of: { (0x21...0x7e).contains($0) }) {
      throw UsageError("\(source.label): the access token has characters in it that no token has")
    }
    return token
  }

  private static func firstLine(
    _ file: OptionValue, _ warnings: inout Warnings
  ) throws(UsageError) -> String {
    do throws(SystemError) {
      let content = try File.read(
        file.text.isSame(as: "-") ? nil : file.text, byteCountMax: OptionValues.fileByteCountMax,
        firstLineOnly: true)
      if content.isReadableByOthers {
        warnings.addReadableToken(file.text)
      }
      return content.bytes[...].beforeFirst(0x0a).trimmed.text
    } catch {
      throw file.fault("cannot be read: \(error.reason)")
    }
  }

  /// One of the user's, none, or the same one whenever this user of this machine has this access token, so that a
  /// restart does not spend it. Whoever has the access token alone cannot tell the client token from it.
  /// - Parameter machineID: nil when the machine has none.
  static func clientToken(
    _ values: OptionValues, accessToken: String, machineID: String?, _ warnings: inout Warnings
  ) throws(UsageError) -> String {
    guard let given = values[.clientToken] else {
      guard let machineID else {
        guard let token = try? Cryptography.uuid() else {
          throw UsageError("the system has no random numbers")
        }
        warnings.add(
          "/etc/machine-id has no id, so the client token is a random one, and a restart needs a new access token; "
            + "make one with systemd-machine-id-setup, or give --client-token")
        return token
      }
      let user = "\(Process.userID)"
      return Cryptography.uuid(
        derivedFrom: "localproxy client token\n\(machineID)\n\(user)\n\(accessToken)".octets)
    }
    let token = given.text
    if token.isEmpty { return "" }
    let isToken =
      clientTokenByteCounts.contains(token.utf8.count)
      && token.consists {
        (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) || $0 == 0x2d
      }
    if !isToken {
      throw given.fault("is not a client token: 32 to 128 letters, digits and hyphens, or nothing")
    }
    return token
  }

  static func endpoint(
    _ values: OptionValues, _ settings: Settings
  ) throws(UsageError) -> Endpoint {
    switch (values[.proxyEndpoint], values[.region]) {
    case (let given?, nil):
      do throws(UsageError) {
        return try Endpoint.parseService(given.text)
      } catch {
        throw given.fault("is not HOST[:PORT]: \(error.message)")
      }
    case (nil, let region?):
      guard Settings.isRegion(region.text), let endpoint = settings.endpoint(region: region.text)
      else {
        throw region.fault("is not a region, such as us-east-1")
      }
      return endpoint
    case (nil, nil): throw UsageError("give --region (-r) or --proxy-endpoint (-e)")
    case (let endpoint?, let region?): throw endpoint.excludes(region)
    }
  }

  static func role(_ values: OptionValues) throws(UsageError) -> TunnelRole {
    let source = values[.sourceListenPort]
    let destination = values[.destinationApp]
    if let source, let destination { throw source.excludes(destination) }
    guard let mode = values[.mode] else {
      if source != nil { return .source }
      if destination != nil { return .destination }
      throw UsageError("give --source-listen-port (-s), --destination-app (-d) or --mode (-m)")
    }
    guard let place = mode.text.place(in: "src|source|dst|destination") else {
      throw mode.fault("is none of src, source, dst, destination")
    }
    if let other = place < 2 ? destination : source {
      throw mode.fault("and \(other.label) exclude each other")
    }
    return place < 2 ? .source : .destination
  }

  static func directoryMappings(
    _ values: OptionValues, _ role: TunnelRole, _ warnings: inout Warnings
  ) throws(UsageError) -> [Mapping] {
    let given = values[.configDir]
    let path = given?.text ?? defaultDirectory
    guard Process.directoryExists(path) else {
      if let given { throw given.fault("is not a directory") }
      return []
    }
    var directory = MappingDirectory(role: role)
    directory.read(path, warnings: &warnings)
    return directory.mappings
  }

  static func destinationVersion(
    _ values: OptionValues, _ warnings: inout Warnings
  ) -> ProtocolVersion {
    guard let given = values[.destinationClientType] else { return .v3 }
    if let place = given.text.place(in: "V1|V2|V3") {
      return ProtocolVersion(rawValue: place + 1) ?? .v3
    }
    warnings.add("\(given.label) \(given.text.quoted) is none of V1, V2, V3: V3 is assumed")
    return .v3
  }
}
