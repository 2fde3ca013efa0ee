import Configuration
import Foundation
import Testing

@testable import Agent
@testable import ManualPages
@testable import TunnelService

/// The completions in the shells that they are for, where those are installed (scripts/install-dependencies).
@Suite("Completions")
struct CompletionTests {
  enum Shell: String, CaseIterable {
    case bash, zsh, fish

    var isInstalled: Bool { path != nil }

    var path: String? {
      ["/bin", "/usr/bin"].map { "\($0)/\(rawValue)" }
        .first(where: FileManager.default.isExecutableFile)
    }

    func file(_ program: String) -> String {
      CompletionTests.directory + (self == .zsh ? "_\(program)" : "\(program).\(rawValue)")
    }

    /// Writes what it offers when Tab is pressed at the end of `line`.
    func script(_ program: String, _ line: String) -> String {
      switch self {
      case .bash:
        // As readline gives it the words: a blank parts them, and '=' is one of its own.
        """
        source \(file(program))
        COMP_WORDS=(\(line.replacing("=", with: " = ").split(separator: " ").joined(separator: " ")))
        [[ '\(line)' != *' ' ]] || COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _\(program)
        echo "${COMPREPLY[*]}"
        """
      case .zsh:
        // A shell of its own with a terminal; Tab lists or inserts, and Ctrl-X shows what the line is then.
        """
        zmodload zsh/zpty
        zpty shell 'TERM=dumb PS1= zsh -f -i'
        zpty -w shell 'fpath=(\(CompletionTests.directory) $fpath); autoload -Uz compinit; compinit -u -D'
        zpty -w shell 'LISTMAX=1000; unsetopt beep list_ambiguous auto_menu'
        zpty -w shell 'said() { print -r -- "=> $BUFFER." }; zle -N said; bindkey "^X" said; print READY'
        zpty -r shell text '*READY*READY*'
        zpty -n -w shell '\(line)'$'\\t\\x18'
        zpty -r shell text $'*=> *.*\\n*'
        print -r -- "$text"
        """
      case .fish: "source \(file(program)); complete -C '\(line)' | cut -f 1"
      }
    }

    func answer(_ program: String, _ line: String) throws -> String {
      let process = Process()
      let pipe = Pipe()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
      process.arguments = ["60", path ?? rawValue, "-c", script(program, line)]
      process.standardOutput = pipe
      process.standardInput = FileHandle.nullDevice
      try process.run()
      let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      return String(decoding: output, as: UTF8.self)
    }
  }

  struct Case: CustomTestStringConvertible {
    let program: String
    let line: String
    let offered: [String]
    let notOffered: [String]

    init(
      _ line: String, _ offered: [String], not notOffered: [String] = [],
      of program: String = "localproxy"
    ) {
      self.program = program
      self.line = "\(program) \(line)"
      self.offered = offered
      self.notOffered = notOffered
    }

    var testDescription: String { line }

    static let all = [
      Case("--dest", ["--destination-app", "--destination-client-type"], not: ["--region"]),
      Case("-k --reg", ["--region"]),
      Case("--mode ", ["src", "dst"]),
      Case("--mode=", ["src", "dst"], not: ["--region"]),
      Case("-m s", ["src"], not: ["dst"]),
      Case("-y V", ["V1", "V2", "V3"]),
      Case("-r eu-w", ["eu-west-1", "eu-west-2", "eu-west-3"], not: ["us-east-1"]),
      Case("--region=us-gov-", ["us-gov-east-1", "us-gov-west-1"], not: ["eu-west-1"]),
      Case("-d 22 --destination-a", ["--destination-app"]),
      Case("--settings-json Packag", ["Package.swift"]),
      Case("--config-dir=Sou", ["Sources"]),
      Case("--band", ["--bandwidth"], of: "tunneld"),
      Case("--verbose=", ["4", "5", "6"], of: "tunneld"),
      Case("--children ", ["stay", "end"], of: "localproxy-agent"),
      Case("-d A=1 --serv", ["--service", "--services"], of: "localproxy-agent"),
    ]
  }

  /// Tests/ManualTests/CompletionTests.swift is three levels below the package's folder.
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static let directory = "\(root.path)/packaging/completions/"

  private static let tables = [Option.table, DaemonOptions.table, AgentOptions.table]

  @Test(
    "a shell offers options and the arguments that can be listed",
    arguments: Shell.allCases.filter(\.isInstalled), Case.all)
  func completes(shell: Shell, case: Case) throws {
    let answer = try shell.answer(`case`.program, `case`.line)
    for word in `case`.offered { #expect(answer.contains(word), "\(word) in \(answer)") }
    for word in `case`.notOffered { #expect(!answer.contains(word), "\(word) in \(answer)") }
  }

  @Test("every shell is offered every option", arguments: Shell.allCases)
  func hasEveryOption(shell: Shell) throws {
    for table in Self.tables {
      let text = try String(contentsOfFile: shell.file(table.program), encoding: .utf8)
      for option in table.options where !option.help.isEmpty {
        let names = shell == .fish ? option.fishNames : option.names
        for name in names { #expect(text.contains(name), "\(table.program) \(name)") }
      }
    }
  }
}

extension OptionDescription {
  fileprivate var fishNames: [String] {
    (shortName.map { [" -s \($0) "] } ?? []) + [" -l \(longName) "]
  }
}
