import Configuration

/// The generated parts of docs/configuration.md: tables of short cells, and the longer texts below them.
enum Tables {
  static func insert(into document: String) -> String {
    insert(
      [
        ("options", options), ("option texts", optionTexts), ("settings", settings),
        ("setting texts", settingTexts), ("variables", variables), ("exit statuses", exitStatuses),
      ], into: document)
  }

  /// Replaces what stands between `<!-- NAME -->` and `<!-- end of NAME -->`, for each part.
  static func insert(_ parts: [(name: String, text: String)], into document: String) -> String {
    var document = document
    for (name, part) in parts {
      let begin = "<!-- \(name), written by make docs -->\n"
      let end = "<!-- end of \(name) -->"
      let parts = document.split(separator: begin, maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      let rest = parts[1].split(separator: end, maxSplits: 1, omittingEmptySubsequences: false)
      guard rest.count == 2 else { continue }
      document = "\(parts[0])\(begin)\(part)\(end)\(rest[1])"
    }
    return document
  }

  private static var options: String {
    var rows = [["option", "what it does", "default"]]
    for (description, words) in Manual.options {
      let names = description.names.map { "`\($0)`" }.joined(separator: ", ")
      let argument = description.argument.map { " \($0)" } ?? ""
      rows.append([
        "[\(names)](#--\(description.longName))\(argument)", description.help, words.standard,
      ])
    }
    return table(rows)
  }

  private static var optionTexts: String {
    Manual.options.map { description, words in
      """
      ### --\(description.longName)

      \(words.text.wrapped)

      Example: `\(words.example)`

      """
    }.joined(separator: "\n")
  }

  private static var settings: String {
    let defaults = Settings()
    var rows = [["key below `tunneling.proxy`", "default", "range", "what it is"]]
    for setting in Setting.allCases {
      var value = "`\(defaults.text(setting))`"
      if setting.isObject { value = "those of the Chinese regions" }
      let text = setting.manualText
      rows.append(["`\(setting.key)`", value, setting.kind.allowed, String(text.beginning)])
    }
    return table(rows)
  }

  private static var settingTexts: String {
    var text = ""
    for setting in Setting.allCases {
      let words = setting.manualText
      let rest = String(words.dropFirst(words.beginning.count + 1))
      if rest.isEmpty { continue }
      text += (text.isEmpty ? "" : "\n") + "`\(setting.key)`: \(rest)".wrapped + "\n"
    }
    return text
  }

  private static var variables: String {
    var rows = [["variable", "what it is"]]
    for (name, option) in Option.variables {
      let longName = option.description.longName
      rows.append(["`\(name)`", "As `--\(longName)`. \(VariableText.options[name] ?? "")"])
    }
    for variable in VariableText.others { rows.append(["`\(variable.name)`", variable.text]) }
    return table(rows)
  }

  private static var exitStatuses: String {
    table([["status", "why"]] + ExitStatus.all.map { ["\($0.status.rawValue)", $0.text] })
  }

  /// The columns line up in the text as well, but for the last.
  private static func table(_ rows: [[String]]) -> String {
    let rows = rows.map { row in
      row.map { $0.replacing("|", with: "\\|").replacing("* ", with: "\\* ") }
    }
    var widths = rows[0].map { _ in 3 }
    for row in rows {
      for (column, cell) in row.dropLast().enumerated() {
        widths[column] = max(widths[column], cell.count)
      }
    }
    var text = ""
    for (index, row) in rows.enumerated() {
      let cells = row.enumerated().map { column, cell in
        cell + String(repeating: " ", count: max(0, widths[column] - cell.count))
      }
      text += "| \(cells.joined(separator: " | ")) |\n"
      if index == 0 {
        let lines = widths.map { String(repeating: "-", count: $0) }
        text += "| \(lines.joined(separator: " | ")) |\n"
      }
    }
    return text
  }
}

extension String {
  /// What blank lines part.
  var paragraphs: [String] { split(separator: "\n\n").map(String.init) }

  /// What fits into a table's cell: all of it, or its first sentence.
  fileprivate var beginning: Substring {
    if count <= 120 { return self[...] }
    return firstRange(of: ". ").map { self[..<index(after: $0.lowerBound)] } ?? self[...]
  }

  /// Its paragraphs in lines of up to 120 columns.
  fileprivate var wrapped: String {
    paragraphs.map { paragraph in
      var text = ""
      var columnCount = 0
      for word in paragraph.split(separator: " ") {
        let fits = columnCount + word.count < 120
        text += (text.isEmpty ? "" : fits ? " " : "\n") + word
        columnCount = (fits ? columnCount + 1 : 0) + word.count
      }
      return text
    }.joined(separator: "\n\n")
  }
}
