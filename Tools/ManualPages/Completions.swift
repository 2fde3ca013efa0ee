import Configuration

/// What a shell offers after a program's name.
struct Completions {
  let program: String
  /// Without other names of an option.
  let options: [OptionDescription]

  private static let head = "Written by make docs out of the program's table of options."

  init(_ table: OptionTable) {
    program = table.program
    options = table.options.filter { !$0.help.isEmpty }
  }

  var bash: String {
    var cases = ""
    for option in options where option.argument != nil {
      let action: String
      switch option.argument {
      case "FILE": action = "_\(program)_offer -f"
      case "DIR": action = "_\(program)_offer -d"
      default: action = option.words.isEmpty ? ":" : "_\(program)_offer -W '\(list(option.words))'"
      }
      cases += "    \(option.names.joined(separator: " | "))) \(action) ;;\n"
    }
    // Bash parts words at '=', which is then a word of its own.
    return """
      # \(Self.head)
      # shellcheck shell=bash

      _\(program)_offer() {
        [ "$1" = -W ] || compopt -o filenames
        mapfile -t COMPREPLY < <(compgen "$@" -- "$word")
      }

      _\(program)() {
        local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
        if [ "$word" = = ]; then
          word=
        elif [ "$option" = = ]; then
          option=${COMP_WORDS[COMP_CWORD - 2]}
        fi
        COMPREPLY=()
        case $option in
      \(cases)    *) _\(program)_offer -W '\(list(options.flatMap(\.names)))' ;;
        esac
      }

      complete -F _\(program) \(program)

      """
  }

  var zsh: String {
    var lines = ["_arguments -s -S"]
    for option in options {
      let help = option.help.replacing("'", with: "'\\''").replacing("[", with: "\\[")
        .replacing("]", with: "\\]").replacing(":", with: "\\:")
      var argument = ""
      if let name = option.argument?.replacing(":", with: "\\:") {
        switch name {
        case "FILE": argument = ":\(name):_files"
        case "DIR": argument = ":\(name):_files -/"
        default: argument = ":\(name):" + (option.words.isEmpty ? "" : "(\(list(option.words)))")
        }
      }
      let long = "--\(option.longName)" + (argument.isEmpty ? "" : "=")
      guard let short = option.shortName else {
        lines.append("  '\(long)[\(help)]\(argument)'")
        continue
      }
      let both = "{-\(short)\(argument.isEmpty ? "" : "+"),\(long)}"
      let others = option.addsUp ? "*" : "(-\(short) --\(option.longName))"
      lines.append("  '\(others)'\(both)'[\(help)]\(argument)'")
    }
    return "#compdef \(program)\n# \(Self.head)\n\n" + lines.joined(separator: " \\\n") + "\n"
  }

  var fish: String {
    var text = "# \(Self.head)\ncomplete -c \(program) -f\n"
    for option in options {
      text += "complete -c \(program)"
      if let short = option.shortName { text += " -s \(short)" }
      text += " -l \(option.longName)"
      switch option.argument {
      case nil: break
      case "FILE": text += " -r -F"
      case "DIR": text += " -x -a '(__fish_complete_directories)'"
      default: text += option.words.isEmpty ? " -x" : " -x -a '\(list(option.words))'"
      }
      text += " -d '\(option.help.replacing("'", with: "\\'"))'\n"
    }
    return text
  }

  private func list(_ words: [String]) -> String { words.joined(separator: " ") }
}

extension OptionDescription {
  /// What can stand for the argument, when that can be listed.
  var words: [String] {
    switch argument {
    case "REGION": Self.regions
    case "MODE": ["src", "dst"]
    case "VERSION": ["V1", "V2", "V3"]
    case "stay|end": ["stay", "end"]
    case "LEVEL": ["0", "1", "2", "3", "4", "5", "6"]
    default: []
    }
  }

  /// Whether it can be given more than once, and all of them count.
  fileprivate var addsUp: Bool { argument == "MAPPINGS" || longName == "service" }

  /// Those that have IoT Secure Tunneling, as botocore 1.43 lists them. Shells offer them; localproxy takes any.
  private static let regions = [
    "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1",
    "ap-southeast-2", "ap-southeast-5", "ca-central-1", "cn-north-1", "cn-northwest-1",
    "eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2",
    "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "sa-east-1", "us-east-1",
    "us-east-2", "us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2",
  ]
}
