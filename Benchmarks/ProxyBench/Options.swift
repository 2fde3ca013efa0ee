/// The command line.
struct Options {
  enum Measured: String, CaseIterable {
    case bulk, latency, connects, idle, stalled, keystroke, compression, frames
  }

  var measured: [Measured] = []
  /// Another binary with localproxy's command line, for `compare`.
  var baseline: String?
  var printsJSON = false
  var rounds: Int?
  var megabyteCount = 1000
  var localproxy: String?
  var tunneld: String?
  var usesStatic = false
  /// Leaves out all contestants but this one: floor, localproxy or baseline.
  var only: String?
  /// Measures the floor twice.
  var hasControl = false

  /// A command line that makes no sense.
  struct UsageFailure: Error, CustomStringConvertible {
    let description: String

    init(_ reason: String) {
      description = "\(reason). Try 'ProxyBench --help'."
    }
  }

  static let usage = """
    usage: ProxyBench [bulk] [latency] [connects] [idle] [stalled] [keystroke]
                      [compression] [frames] [all] [OPTION…]
           ProxyBench compare --baseline PATH [bulk] [latency] … [OPTION…]

    Without a name: bulk, latency, connects and idle. Each stands beside the floor, a minimal
    TCP to TLS relay; compare puts another localproxy binary in the same places instead.
    frames is the WebSocket's frames alone, written and read in memory.

      --rounds N         rounds of each measurement, interleaved (default 3; stalled and keystroke 1, frames 5)
      --megabytes N      bytes of a bulk transfer, in 10^6 (default 1000); compression, a quarter
      --localproxy PATH  the program measured (default .build-embedded/release/localproxy)
      --tunneld PATH     the service it speaks to (default .build-embedded/release/tunneld)
      --static           takes both from .build-embedded-static/release
      --baseline PATH    the other program of compare
      --control          measures the floor a second time: its ratio shows the noise
      --only NAME        measures floor, localproxy or baseline alone
      --json             prints JSON instead of tables
      --help
    """

  init(_ arguments: [String]) throws {
    var remaining = arguments[...]
    var compares = false
    while let argument = remaining.popFirst() {
      func value() throws -> String {
        guard let next = remaining.popFirst() else {
          throw UsageFailure("\(argument) needs a value")
        }
        return next
      }
      func count() throws -> Int {
        let text = try value()
        guard let number = Int(text), number > 0 else {
          throw UsageFailure("\(argument): '\(text)' is not a positive number")
        }
        return number
      }
      switch argument {
      case "compare": compares = true
      case "all": measured = Measured.allCases
      case "--control": hasControl = true
      case "--json": printsJSON = true
      case "--static": usesStatic = true
      case "--rounds": rounds = try count()
      case "--megabytes": megabyteCount = try count()
      case "--localproxy": localproxy = try value()
      case "--tunneld": tunneld = try value()
      case "--baseline": baseline = try value()
      case "--only": only = try value()
      default:
        guard let name = Measured(rawValue: argument) else {
          throw UsageFailure("unknown argument '\(argument)'")
        }
        measured.append(name)
      }
    }
    if measured.isEmpty { measured = [.bulk, .latency, .connects, .idle] }
    guard compares == (baseline != nil) else {
      throw UsageFailure("compare and --baseline PATH go together")
    }
    let names = ["floor", "localproxy", "baseline"]
    guard only.map(names.contains) ?? true else {
      throw UsageFailure("--only takes floor, localproxy or baseline")
    }
  }
}
