import Proxy

/// The tables of docs/configuration.md.
enum Tables {
  /// Replaces what stands between `<!-- NAME -->` and `<!-- end of NAME -->`, for each table.
  static func insert(into document: String) -> String {
    var document = document
    for (name, table) in [
      ("options", options), ("settings", settings), ("variables", variables),
      ("exit statuses", exitStatuses),
    ] {
      let begin = "<!-- \(name), written by make docs -->\n"
      let end = "<!-- end of \(name) -->"
      let parts = document.split(separator: begin, maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      let rest = parts[1].split(separator: end, maxSplits: 1, omittingEmptySubsequences: false)
      guard rest.count == 2 else { continue }
      document = "\(parts[0])\(begin)\(table)\(end)\(rest[1])"
    }
    return document
  }

  private static var options: String {
    var text = table(["option", "default", "example"])
    for (_, description, words) in Manual.options {
      let argument = description.argument.map { " \($0)" } ?? ""
      let names = description.names.map { "`\($0)`" }.joined(separator: ", ")
      text += row([
        "\(names)\(argument)<br>\(words.text.paragraphs.joined(separator: "<br>"))",
        words.standard, "`\(words.example)`",
      ])
    }
    return text
  }

  private static var settings: String {
    let defaults = Settings()
    var text = table(["key below `tunneling.proxy`", "default", "unit", "range", "what it is"])
    for (index, setting) in Settings.table.enumerated() {
      var value = "`\(defaults.text(index))`"
      if setting.kind == .endpoints {
        value = defaults.regionEndpointOverrides.map { "`\($0.region)`: `\($0.endpoint)`" }
          .joined(separator: "<br>")
      }
      text += row([
        "`\(setting.key)`", value, setting.unit, setting.allowed,
        SettingTexts.all[setting.key] ?? "",
      ])
    }
    return text
  }

  private static var variables: String {
    var text = table(["variable", "what it is"])
    for (name, option) in Option.variables {
      let longName = Option.table.options[option.rawValue].longName
      text += row(["`\(name)`", "As `--\(longName)`. \(VariableText.options[name] ?? "")"])
    }
    for variable in VariableText.others { text += row(["`\(variable.name)`", variable.text]) }
    return text
  }

  private static var exitStatuses: String {
    ExitStatus.all.reduce(table(["status", "why"])) {
      $0 + row(["\($1.status.rawValue)", $1.text])
    }
  }

  private static func table(_ titles: [String]) -> String {
    row(titles) + row(titles.map { _ in "---" })
  }

  private static func row(_ cells: [String]) -> String {
    let cells = cells.map { $0.replacing("|", with: "\\|").replacing("* ", with: "\\* ") }
    return "| " + cells.joined(separator: " | ") + " |\n"
  }
}

extension String {
  /// What blank lines part.
  var paragraphs: [String] { split(separator: "\n\n").map(String.init) }
}
