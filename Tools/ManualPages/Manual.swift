import Agent
import Configuration
import Foundation
import TunnelService

/// All that is written out of the program's tables: those of options and settings, and those of the state machines.
public enum Manual {
  /// The options without other names.
  static var options: [(description: OptionDescription, text: OptionText)] {
    Option.allCases.compactMap { option in option.manualText.map { (option.description, $0) } }
  }

  /// Paths below the package's folder, and what belongs there. Of the documents only what stands between markers is
  /// replaced.
  /// - Parameter root: the package's folder.
  public static func files(root: String) throws -> [(path: String, text: String)] {
    let configuration = try String(contentsOfFile: root + "/" + configurationPath, encoding: .utf8)
    let architecture = try String(contentsOfFile: root + "/" + architecturePath, encoding: .utf8)
    guard let diagrams = try Diagrams.insert(into: architecture, root: root) else {
      throw MarkersMissing()
    }
    let events = try EventTables.insert(
      into: String(contentsOfFile: root + "/" + EventTables.path, encoding: .utf8), root: root)
    var files = [
      ("packaging/localproxy.1", ManualPage.text),
      ("packaging/tunneld.1", TunneldPage.text),
      ("packaging/localproxy-agent.1", AgentPage.text),
      (configurationPath, Tables.insert(into: configuration)),
      (architecturePath, diagrams),
      (EventTables.path, events),
      ("Sources/Proxy/Configuration/help.txt", Option.table.helpText),
    ]
    let tables = [Option.table, DaemonOptions.table, AgentOptions.table]
    for completions in tables.map({ Completions($0) }) {
      let stem = "packaging/completions/"
      files.append(("\(stem)\(completions.program).bash", completions.bash))
      files.append(("\(stem)_\(completions.program)", completions.zsh))
      files.append(("\(stem)\(completions.program).fish", completions.fish))
    }
    return files
  }

  static let configurationPath = "docs/configuration.md"
  static let architecturePath = "ARCHITECTURE.md"

  struct MarkersMissing: Error, CustomStringConvertible {
    let description = "ARCHITECTURE.md has no place for the state machines"
  }
}

extension OptionDescription {
  /// `-r`, `--region`.
  var names: [String] { (shortName.map { ["-\($0)"] } ?? []) + ["--\(longName)"] }
}

extension Setting.Kind {
  /// Of a number: "1 to 5,000 ms"; of a choice: "linger or negotiated".
  var allowed: String {
    switch self {
    case .count(let range): numbers(range)
    case .milliseconds(let range): numbers(range) + " ms"
    case .bytes(let range): numbers(range) + " bytes"
    case .boolean: "true or false"
    case .choice(let choices): choices.split(separator: "|").joined(separator: " or ")
    case .host: "a host name or an address"
    case .endpointFormat: "HOST[:PORT] with %s once"
    case .endpoints: "HOST[:PORT] for each region"
    }
  }

  private func numbers(_ range: ClosedRange<Int64>) -> String {
    let (first, last) = (grouped(range.lowerBound), grouped(range.upperBound))
    return first == last ? first : "\(first) to \(last)"
  }

  /// A number in groups of three digits.
  private func grouped(_ number: Int64) -> String {
    var digits = String(number.magnitude)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
  }
}
