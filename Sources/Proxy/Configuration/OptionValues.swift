import Basics
import Reactor

/// One option as it was given.
final class OptionValue {
  /// Where it was given, the highest precedence first.
  enum Layer: Int {
    case commandLine, file, environment
  }

  let text: String
  /// What a message calls it: `--region`, `config.ini, line 3: region`, `AWSIOT_TUNNEL_REGION`.
  let label: String
  let layer: Layer
  let isSecret: Bool

  init(text: String, label: String, layer: Layer, isSecret: Bool) {
    self.text = text
    self.label = label
    self.layer = layer
    self.isSecret = isSecret
  }

  /// An error that names the option and quotes its value, unless that is a secret.
  @inline(never) func fault(_ reason: String) -> UsageError {
    UsageError(isSecret ? "% %" : "% '%' %", with: label, isSecret ? reason : text.excerpt, reason)
  }

  /// An error for two options of which only one can be given.
  func excludes(_ other: OptionValue) -> UsageError {
    UsageError("% and % exclude each other; leave one out", with: label, other.label)
  }

  /// As the reference's configuration files have it, in letters of either case; a flag on the command line has
  /// no text. In a file the reference takes an empty value for true: what may be half-written must not turn
  /// anything on.
  func flag() throws(UsageError) -> Bool {
    if layer == .commandLine && text.isEmpty { return true }
    guard let place = text.octets[...].lowercasedText.place(in: "true|yes|on|1|false|no|off|0")
    else { throw fault("is none of true, yes, on, 1, false, no, off, 0") }
    return place < 4
  }
}

/// All options that were given. The first layer that has an option decides it.
struct OptionValues {
  /// Bytes of a file of options, mappings or settings, at the most.
  static let fileByteCountMax = 65_536

  private var values = [OptionValue?](repeating: nil, count: Option.allCases.count)
  /// What stands behind `--`; empty for nothing.
  var command: [String] = []
  /// Variables that look like this program's and are not, in words; "" for none.
  private(set) var strangeVariables = ""
  /// The same as the end of a message about something that is missing.
  var strange: String { strangeVariables.isEmpty ? "" : "; " + strangeVariables }

  subscript(option: Option) -> OptionValue? {
    @inline(never) get { values[option.rawValue] }
  }

  /// Takes a value unless a higher layer has the option already. Within the command line mappings add up; of any other
  /// option the last one counts, so that a script's defaults can be followed by its user's options.
  mutating func add(_ option: Option, _ text: String, label: String, layer: OptionValue.Layer) {
    var text = text
    if let before = values[option.rawValue] {
      if layer != .commandLine { return }
      if option.isMapping { text = "%,%".with(before.text, text) }
    }
    values[option.rawValue] = OptionValue(
      text: text, label: label, layer: layer, isSecret: option.isSecret)
  }

  /// Reads the process's command line.
  static func commandLine() throws(UsageError) -> OptionValues {
    var values = OptionValues()
    var command: [String] = []
    let all = try Option.reader.read(
      isSecret: { Option(rawValue: $0)?.isSecret == true },
      mayBeEmpty: { Option(rawValue: $0) == .clientToken }, takeCommand: { command = $0 })
    values.command = command
    for given in all {
      guard let option = Option(rawValue: given.index) else { continue }
      values.add(option, given.argument, label: "--" + given.longName, layer: .commandLine)
    }
    return values
  }

  /// Adds what another layer has, below this one's.
  mutating func add(below other: OptionValues) {
    for index in values.indices where values[index] == nil { values[index] = other.values[index] }
    strangeVariables = other.strangeVariables
  }

  /// Standard input, which was read at the start, is not read again: this is what came of it.
  mutating func replaceStandardInput(by token: String) {
    guard let file = self[.accessTokenFile], file.text.isSame(as: "-") else { return }
    values[Option.accessTokenFile.rawValue] = nil
    add(.accessToken, token, label: file.label, layer: file.layer)
  }

  /// Adds what a `--config` file says.
  mutating func addFile(_ path: String, warnings: inout Warnings) throws(UsageError) {
    let content = try File.read(path, of: "--config")
    var lines = KeyValueLines(name: path, hashEndsLine: true)
    var found: [Int] = []
    var mistakes = Mistakes()
    while let line = lines.next(in: content.bytes.span, &mistakes) {
      var named: Option?
      for option in Option.allCases where option.syntax.longName.isSame(as: line.key) {
        named = option
      }
      guard let option = named, !option.isForCommandLineOnly else {
        mistakes.add(
          lines.fault(
            named != nil
              ? "'%' cannot stand in a file; give it on the command line".with(line.key)
              : line.key.octets.first == .hyphen || line.key.utf8.count == 1
                ? "'%' is to be an option's long name, without dashes".with(line.key)
                : Option.reader.noOption("there is no option '%'", line.key)))
        continue
      }
      if found.contains(option.rawValue) {
        mistakes.add(lines.fault("'%' is given twice; leave one out".with(line.key)))
      }
      found.append(option.rawValue)
      if option == .accessToken && content.isReadableByOthers {
        warnings.addReadableToken(path)
      }
      add(option, line.value, label: "%: %".with(lines.position, line.key), layer: .file)
    }
    try mistakes.end()
  }

  /// Adds what the environment says; an empty variable says nothing. Its secrets are wiped, also those that a higher
  /// layer has overruled.
  /// - Parameter higher: a layer whose options are not to be kept a second time.
  mutating func addEnvironment(below higher: OptionValues = OptionValues()) throws(UsageError) {
    for name in Option.otherVariables { try Self.checkText(name) }
    for variable in Option.variables {
      try Self.checkText(variable.name)
      if higher[variable.option] == nil, let text = Process.environment(variable.name) {
        add(variable.option, text, label: variable.name, layer: .environment)
      }
      if variable.option.isSecret { Process.wipeEnvironment(variable.name) }
    }
    var index: Int32 = 0
    while let name = Process.nextVariable(beginningWith: "AWSIOT_TUNNEL_", from: &index) {
      var nearest = NearestName(name)
      for variable in Option.variables { nearest.consider(variable.name) }
      if nearest.best.isSame(as: name) { continue }
      strangeVariables = "%% is none of localproxy's variables, the nearest is %".with(
        strangeVariables.isEmpty ? "" : strangeVariables + "; ", name, nearest.best)
    }
  }

  private static func checkText(_ variable: String) throws(UsageError) {
    if !Process.isEnvironmentText(variable) {
      throw UsageError(variable + " is not UTF-8 text, as it must be")
    }
  }
}

/// What the user should know although nothing is wrong.
struct Warnings {
  /// Further ones are counted, not kept.
  static let countMax = 64

  private var kept: [String] = []
  private var lostCount = 0

  @inline(never) mutating func add(_ text: String) {
    if kept.count < Self.countMax { kept.append(text) } else { lostCount += 1 }
  }

  mutating func addReadableToken(_ path: String) {
    add("% has an access token in it, and every user can read it: chmod 600".with(path))
  }

  var texts: [String] {
    lostCount == 0 ? kept : kept + ["% further warnings are left out".with(lostCount.decimal)]
  }
}
