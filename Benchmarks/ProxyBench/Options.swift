/// The command line.
struct Options {
  enum Measured: String, CaseIterable {
    case bulk, bulk100, latency, connects, burst, many, idle, rest, stalled, stalled10, halted
    case keystroke, pacing, compression, growth, frames
    /// Small sizes and wide bars, to catch what went wrong by half.
    case smoke
    /// Of every build that ships, and alone.
    case footprint
    /// Measures nothing: draws what other runs have kept.
    case draw

    static var all: [Measured] {
      allCases.filter { $0 != .smoke && $0 != .footprint && $0 != .draw }
    }
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
  /// Where figures are kept, and plots of them drawn.
  var plots: String?
  /// The page whose table is made anew of the figures that are kept.
  var page: String?
  /// How many connections many and growth go up to.
  var connectionCount = 10_000
  /// Of a bulk transfer; nil for each measurement's own.
  var turnCount: Int?
  /// Leaves out all contestants but this one: floor, localproxy or baseline.
  var only: String?
  /// Measures what many would take instead as well.
  var hasTools = false
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
    usage: ProxyBench [NAME…] [OPTION…]
           ProxyBench compare --baseline PATH [NAME…] [OPTION…]

    Measures localproxy beside the floor, a minimal TCP to TLS relay; compare puts another
    localproxy binary in the same places as well. Without a name: bulk, latency, connects, idle.

      bulk         one transfer each way: speed, processor time, peak memory
      bulk100      the same bytes over 100 connections at once
      latency      round trips of 1 byte and 1 KiB
      connects     connections one after the other
      burst        500 connections at once, 1 MB each way on each, every byte compared
      many         10,000 idle connections: memory for each
      idle         memory and start without a connection
      rest         processor time and wake-ups with 100 idle connections
      stalled      a reader that halts and then sips: peak memory
      stalled10    ten of them
      halted       one that never reads on, beside a connection that works
      keystroke    round trips beside bulk over a slow link
      pacing       what it costs bulk where nothing limits
      compression  bytes on the wire with and without it
      growth       processor time for a byte and for a connection, beside 1 to 10,000 others
      frames       the WebSocket's frames alone, in memory
      all          all of these; with compare half an hour, with --tools more
      smoke        20 s; ends with status 1 when something is out by half, twice in a row
      footprint    sizes, memory, system calls and start of all builds; goes alone, and takes --baseline
      draw         measures nothing: draws the plots of the figures that --plots has kept

      --rounds N         rounds of each measurement, interleaved (default 3; the long ones 1,
                         bulk and frames 5, pacing 9, latency 15)
      --megabytes N      bytes of a bulk transfer, in 10^6 (default 1000); pacing takes half,
                         compression a quarter of it
      --turns N          parts of a bulk transfer, each followed by the others' turns, which
                         shows smaller differences (default 1; pacing 5)
      --connections N    the most of many and growth (default 10000)
      --localproxy PATH  the program measured (default .build-embedded/release/localproxy)
      --tunneld PATH     the service it speaks to (default .build-embedded/release/tunneld)
      --static           takes both from .build-embedded-static/release
      --baseline PATH    the other program of compare
      --tools            measures `ssh -L` and stunnel as well, where they can take part
      --control          measures the floor a second time: its ratio shows the noise
      --only NAME        measures floor, localproxy, baseline, ssh or stunnel alone
      --json             prints JSON instead of tables
      --plots DIRECTORY  keeps the figures in DIRECTORY/data, beside those of other measurements,
                         and draws all of them there with gnuplot; baseline is reference there
      --page FILE        makes the table of that Markdown page anew of the figures kept
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
      case "all": measured = Measured.all
      case "--tools": hasTools = true
      case "--control": hasControl = true
      case "--json": printsJSON = true
      case "--static": usesStatic = true
      case "--rounds": rounds = try count()
      case "--megabytes": megabyteCount = try count()
      case "--turns": turnCount = try count()
      case "--localproxy": localproxy = try value()
      case "--tunneld": tunneld = try value()
      case "--baseline": baseline = try value()
      case "--only": only = try value()
      case "--plots": plots = try value()
      case "--page": page = try value()
      case "--connections": connectionCount = try count()
      default:
        guard let name = Measured(rawValue: argument) else {
          throw UsageFailure("unknown argument '\(argument)'")
        }
        measured.append(name)
      }
    }
    if measured.isEmpty { measured = [.bulk, .latency, .connects, .idle] }
    guard compares == (baseline != nil) || measured == [.footprint] else {
      throw UsageFailure("compare and --baseline PATH go together")
    }
    guard plots != nil || (page == nil && measured != [.draw]) else {
      throw UsageFailure("--page and draw need --plots DIRECTORY")
    }
    guard measured == [.draw] || !measured.contains(.draw) else {
      throw UsageFailure("draw goes alone; what is measured is drawn anyway")
    }
    guard measured == [.footprint] || !measured.contains(.footprint) else {
      throw UsageFailure("footprint goes alone")
    }
    let names =
      ["floor", "localproxy", "baseline"] + (hasTools ? Tool.allCases.map(\.rawValue) : [])
    guard only.map(names.contains) ?? true else {
      throw UsageFailure("--only takes floor, localproxy or baseline; with --tools ssh or stunnel")
    }
  }
}
