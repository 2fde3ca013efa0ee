import Proxy

/// What a shell offers after `localproxy`.
enum Completions {
  private static let head = "Written by make docs out of the program's table of options."

  static var bash: String {
    var cases = ""
    for (_, option, _) in Manual.options where option.argument != nil {
      let action: String
      switch option.argument {
      case "FILE": action = "_localproxy_offer -f"
      case "DIR": action = "_localproxy_offer -d"
      default:
        action =
          option.words.isEmpty
          ? ":" : "_localproxy_offer -W '\(option.words.joined(separator: " "))'"
      }
      cases += "    \(option.names.joined(separator: " | "))) \(action) ;;\n"
    }
    let names = Manual.options.flatMap { $0.description.names }.joined(separator: " ")
    return """
      # \(head)
      # shellcheck shell=bash

      _localproxy_offer() {
        [ "$1" = -W ] || compopt -o filenames
        mapfile -t COMPREPLY < <(compgen "$@" -- "${COMP_WORDS[COMP_CWORD]}")
      }

      _localproxy() {
        COMPREPLY=()
        case ${COMP_WORDS[COMP_CWORD - 1]} in
      \(cases)    *) _localproxy_offer -W '\(names)' ;;
        esac
      }

      complete -F _localproxy localproxy

      """
  }

  static var zsh: String {
    var lines = ["_arguments -s -S"]
    for (_, option, _) in Manual.options {
      let help = option.help.replacing("'", with: "'\\''").replacing("[", with: "\\[")
        .replacing("]", with: "\\]").replacing(":", with: "\\:")
      var argument = ""
      if let name = option.argument?.replacing(":", with: "\\:") {
        switch name {
        case "FILE": argument = ":\(name):_files"
        case "DIR": argument = ":\(name):_files -/"
        default:
          argument =
            ":\(name):" + (option.words.isEmpty ? "" : "(\(option.words.joined(separator: " ")))")
        }
      }
      let long = "--\(option.longName)" + (argument.isEmpty ? "" : "=")
      guard let short = option.shortName else {
        lines.append("  '\(long)[\(help)]\(argument)'")
        continue
      }
      let both = "{-\(short)\(argument.isEmpty ? "" : "+"),\(long)}"
      lines.append("  '(-\(short) --\(option.longName))'\(both)'[\(help)]\(argument)'")
    }
    return "#compdef localproxy\n# \(head)\n\n" + lines.joined(separator: " \\\n") + "\n"
  }

  static var fish: String {
    var text = "# \(head)\ncomplete -c localproxy -f\n"
    for (_, option, _) in Manual.options {
      text += "complete -c localproxy"
      if let short = option.shortName { text += " -s \(short)" }
      text += " -l \(option.longName)"
      switch option.argument {
      case nil: break
      case "FILE": text += " -r -F"
      case "DIR": text += " -x -a '(__fish_complete_directories)'"
      default:
        text += " -x"
        if !option.words.isEmpty { text += " -a '\(option.words.joined(separator: " "))'" }
      }
      text += " -d '\(option.help.replacing("'", with: "\\'"))'\n"
    }
    return text
  }
}
