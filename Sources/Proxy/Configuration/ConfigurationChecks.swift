import Basics
import Reactor
import Tunnel

/// The parts of a configuration that several options decide.
extension Configuration {
  /// Bytes of an access token, at the most. The service takes requests of 4,096 bytes, and everything else in
  /// ours has fewer than 1,024.
  static let accessTokenByteCountMax = 3_072
  /// Where mappings are looked for without `--config-dir`.
  static let defaultDirectory = "./config"

  /// The token of the highest layer that has one, by itself or in a file, and where that is.
  static func accessToken(
    _ values: OptionValues, _ warnings: inout Warnings
  ) throws(UsageError) -> (token: String, place: String, isFile: Bool) {
    let given = values[.accessToken]
    let file = values[.accessTokenFile]
    if let given, let file, given.layer == file.layer { throw given.excludes(file) }
    if let file, file.text.isSame(as: "-"), let mapping = values[.sourceListenPort],
      Mapping.isStandard(mapping.text.octets[...].afterLast(.equals).trimmed)
    {
      throw UsageError(
        "% and % would both read standard input; give the token in AWSIOT_TUNNEL_ACCESS_TOKEN or another file",
        with: file.label, mapping.label)
    }
    guard var source = given ?? file else {
      throw UsageError("there is no access token; set AWSIOT_TUNNEL_ACCESS_TOKEN" + values.strange)
    }
    var token = source.text
    var place = source.label
    if let file, file.layer.rawValue <= source.layer.rawValue {
      source = file
      token = try firstLine(file, &warnings)
      // The value of --access-token-file is no secret, but what is in the file is.
      place = "% '%'".with(file.label, file.text.excerpt)
    } else if source.layer == .commandLine {
      warnings.add(
        source.label + " shows the token in the shell's history, and in 'ps' until it is read; "
          + "better set AWSIOT_TUNNEL_ACCESS_TOKEN or use --access-token-file")
    }
    let fault = fault(inToken: token)
    if !fault.isEmpty { throw UsageError("%: %", with: place, fault) }
    return (token, place, source === file)
  }

  /// What is wrong with an access token, in words that tell nothing of it; "" for nothing.
  private static func fault(inToken token: String) -> String {
    let octets = token.octets
    if octets.isEmpty { return "the access token is empty; put it there" }
    if octets.count > accessTokenByteCountMax {
      return "the access token has more than the % bytes that the service takes; copy it again"
        .with(
          accessTokenByteCountMax.decimal)
    }
    if "{[".has(octets[0]) {
      return "there is JSON where the token alone belongs, the value of one of its keys"
    }
    // At a token's end there may be some '=', as in Base64.
    if let (_, value) = token.cut(at: .equals), !value.consists(of: { $0 == .equals }) {
      return "there is NAME=VALUE where the value alone belongs"
    }
    if octets.contains(.slash) && Process.fileExists(token) {
      return "there is a file of that name; --access-token-file is the option for it"
    }
    let strange = "\"'`$<>{}\\"
    for (index, octet) in octets.enumerated() {
      let isBlank = octet == .space || octet.isControl
      if !isBlank && octet < 0x80 && !strange.has(octet) { continue }
      let name =
        isBlank
        ? "a blank or a control character"
        : "'%'".with(octets[index...].text.characters.first?.text ?? "")
      return "character % of the access token is %, which no token has; copy it again".with(
        (index + 1).decimal, name)
    }
    return ""
  }

  private static func firstLine(
    _ file: OptionValue, _ warnings: inout Warnings
  ) throws(UsageError) -> String {
    let content = try File.read(file.text, of: file.label, firstLineOnly: true)
    if content.isReadableByOthers { warnings.addReadableToken(file.text) }
    return content.bytes[...].beforeFirst(.lineFeed).trimmed.text
  }

  static let clientTokenByteCounts = 32...128

  /// As the service takes it.
  package static func isClientToken(_ text: String) -> Bool {
    clientTokenByteCounts.contains(text.utf8.count)
      && text.consists { $0.isLetterOrDigit || $0 == .hyphen }
  }

  /// One of the user's, none, or the same one whenever this user of this machine has this access token, so that a
  /// restart does not spend it. Whoever has the access token alone cannot tell the client token from it.
  /// - Parameter machineID: nil when the machine has none.
  static func clientToken(
    _ values: OptionValues, accessToken: String, machineID: String?, _ warnings: inout Warnings
  ) throws(UsageError) -> String {
    guard let given = values[.clientToken] else {
      guard let machineID else {
        guard let token = (try? Cryptography.random(16)).map({ Cryptography.uuid(random: $0) })
        else {
          throw UsageError("the system has no random numbers")
        }
        warnings.add(
          "/etc/machine-id has no id, so the client token is a random one, and a restart needs a new access token; "
            + "make one with systemd-machine-id-setup, or give --client-token")
        return token
      }
      let user = Process.userID.decimal
      return Cryptography.uuid(
        derivedFrom: "localproxy client token\n%\n%\n".with(machineID, user).octets
          + accessToken.octets)
    }
    let token = given.text
    if token.isEmpty { return "" }
    if !isClientToken(token) {
      throw given.fault("is not a client token: 32 to 128 letters, digits and hyphens, or nothing")
    }
    return token
  }

  static func endpoint(
    _ values: OptionValues, _ settings: Settings
  ) throws(UsageError) -> Endpoint {
    switch (values[.proxyEndpoint], values[.region]) {
    case (let given?, nil) where Settings.hasRegionForm(given.text):
      throw given.fault("is a region; give it as --region (-r)")
    case (let given?, nil):
      do throws(UsageError) {
        return try Endpoint.parseService(given.text)
      } catch {
        throw given.fault("is not HOST[:PORT]: " + error.message)
      }
    case (nil, let region?): return try endpoint(region: region, settings)
    case (nil, nil):
      throw UsageError("give --region (-r) or --proxy-endpoint (-e)" + values.strange)
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
      throw mode.fault("and % exclude each other; leave one out".with(other.label))
    }
    return place < 2 ? .source : .destination
  }

  /// The mappings of the files, and where they were looked for, as the end of a message.
  func readDirectory(_ values: OptionValues) throws(UsageError) {
    let given = values[.configDir]
    if let given { try Self.checkDirectory(given) }
    let path = given?.text ?? Self.defaultDirectory
    if !Process.directoryExists(path) { return }
    var directory = MappingDirectory(role: role)
    directory.read(path, warnings: &found)
    directoryMappings = directory.mappings
    directoryPlace = ", or a line in a file of % (read: %)".with(path.excerpt, directory.fileList)
  }

  /// Why no Unix socket can be made at a path, and will not be by itself; "" for nothing. One that somebody listens on
  /// may be free in a moment, and one that nobody does is replaced.
  package static func fault(inPath path: String) -> String {
    if let directory = path.cut(at: .slash, last: true)?.0, !directory.isEmpty {
      do throws(SystemError) {
        try Process.findDirectory(directory)
      } catch {
        if path.utf8.first != UInt8(ascii: "~") && error.isMissing {
          return "there is no directory '%'; make it".with(directory.excerpt)
        }
        return "its directory '%' cannot be used: %; %".with(
          directory.excerpt, error.reason, error.remedy(forFile: path))
      }
    }
    if Process.directoryExists(path) { return "that is a directory; give a path in it" }
    return Process.isNoSocket(path)
      ? "what is there is no socket; remove it, or choose another path" : ""
  }

  /// Whether a source makes the socket of a mapping, rather than to take one that it was started with.
  private func makesSocket(of mapping: Mapping) -> Bool {
    role == .source
      && !Process.isSocketPassed(for: allMappings.count == 1 ? nil : mapping.serviceID)
  }

  /// What is wrong with the path of a source's mapping; "" for nothing.
  package func fault(inPlaceOf mapping: Mapping) -> String {
    guard makesSocket(of: mapping), case .unix(let path) = mapping.address else { return "" }
    return Self.fault(inPath: path)
  }

  /// Where the services listen is known by then.
  func readStatusPlace(_ given: OptionValue) throws(UsageError) {
    let place = try Mapping.place(given)
    statusPlace = place
    if let other = places.take(place, mappings.count), other < mappings.count {
      throw UsageError(
        "% and % cannot both listen on %; move one of them", with: given.label,
        mappings[other].serviceID ?? "--source-listen-port", places.describe(place))
    }
    guard case .unix(let path) = place else { return }
    let fault = Self.fault(inPath: path)
    if !fault.isEmpty { throw UsageError("% '%': %", with: given.label, path.excerpt, fault) }
  }

  /// What each localproxy would say, for who starts them.
  package static func check(directory: String, label: String) throws(UsageError) {
    try checkDirectory(
      OptionValue(text: directory, label: label, layer: .commandLine, isSecret: false))
  }

  package static func check(region: String?, settings file: String?) throws(UsageError) {
    let settings = try file.map { path throws(UsageError) in
      try SettingsFile(path, warnings: Warnings()).settings
    }
    if let region {
      _ = try endpoint(
        region: OptionValue(
          text: region, label: "--region", layer: .commandLine, isSecret: false),
        settings ?? Settings())
    }
  }

  private static func endpoint(
    region: OptionValue, _ settings: Settings
  ) throws(UsageError) -> Endpoint {
    guard Settings.isRegion(region.text), let endpoint = settings.endpoint(region: region.text)
    else {
      throw region.fault(
        "is not a region; such as us-east-1 it has small letters, hyphens, and one number at its end"
      )
    }
    return endpoint
  }

  static func checkDirectory(_ given: OptionValue) throws(UsageError) {
    do throws(SystemError) {
      try Process.findDirectory(given.text)
    } catch {
      throw given.fault(
        Process.fileExists(given.text)
          ? "is a file; give the directory that it is in"
          : "cannot be used: %; %".with(error.reason, error.remedy(forFile: given.text)))
    }
  }

  /// Mappings that are missing, or that a WebSocket or a destination of the first version could not tell apart.
  func checkMappings(_ values: OptionValues) throws(UsageError) {
    if role == .destination && allMappings.isEmpty {
      throw UsageError(
        "there is no mapping; add -d HOST:PORT or -d SERVICE=HOST:PORT" + directoryPlace)
    }
    var place = ""
    if let file = values[.settingsJSON], settings.protocolVersion == .v1 {
      place = "%: tunneling.proxy.websocket.subprotocol".with(file.text.excerpt)
    } else if role == .source && destinationVersion == .v1 {
      place = values[.destinationClientType]?.label ?? ""
    }
    // A destination's files count for services with names alone.
    if place.isEmpty || mappings.count == (role == .source ? min(mappings.count, 1) : 1) { return }
    throw UsageError(
      "% is V1, which knows one service without a name; give one mapping with %, or a newer version",
      with: place, role == .source ? "-s" : "-d")
  }

  static func destinationVersion(
    _ values: OptionValues, _ warnings: inout Warnings
  ) -> ProtocolVersion {
    guard let given = values[.destinationClientType] else { return .v3 }
    if let place = given.text.octets[...].lowercasedText.place(in: "v1|v2|v3") {
      return ProtocolVersion(rawValue: place + 1) ?? .v3
    }
    warnings.add("% '%' is none of V1, V2, V3: V3 is assumed".with(given.label, given.text.excerpt))
    return .v3
  }
}
