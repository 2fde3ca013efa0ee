import Foundation

/// All series, as tables for people or as JSON for programs.
struct Report {
  let machine: Machine
  let series: [Series]

  // MARK: Tables

  var text: String {
    let load = Self.number(machine.loadAverage, 2)
    let header = """
      \(machine.cpu), \(machine.cores) cores, Linux \(machine.kernel)
      \(machine.openssl); \(machine.date); loopback; load before \(load)
      MB = 10^6 bytes, GB = 10^9 bytes; medians over rounds; up = client to server
      """
    return ([header] + series.map(text)).joined(separator: "\n\n")
  }

  private func text(of series: Series) -> String {
    let columns = series.measurement.columns
    var table = Table()
    table.add(["", ""] + columns.map(\.name))
    table.add(["", ""] + columns.map(\.unit))
    for name in series.measurement.cases {
      for contestant in series.contestants {
        add(to: &table, series, name, contestant)
      }
      for (one, other) in Self.compared(series) {
        if let ratios = series.ratios(case: name, of: one, to: other) {
          table.add([name, "\(one) / \(other)"] + ratios.map(Self.ratio))
        }
      }
    }
    let count = series.measurement.roundCount
    let title = "\(series.measurement.title) (\(count) \(count == 1 ? "round" : "rounds"))"
    return ([title, table.text] + Verdict.all(in: series).map(text)).joined(separator: "\n")
  }

  private func add(
    to table: inout Table, _ series: Series, _ name: String, _ contestant: String
  ) {
    let failures = series.failures(case: name, contestant: contestant)
    if let medians = series.medians(case: name, contestant: contestant) {
      let cells = zip(medians, series.measurement.columns).map { Self.number($0, $1.decimals) }
      table.add([name, contestant] + cells)
    } else {
      table.add([name, contestant] + series.measurement.columns.map { _ in "–" })
    }
    if let first = failures.first {
      let count = series.rounds(case: name, contestant: contestant).count
      table.add(note: "    failed in \(failures.count) of \(count): \(first)")
    }
    for note in Set(series.notes(case: name, contestant: contestant)).sorted() {
      table.add(note: "    \(note)")
    }
  }

  private func text(of verdict: Verdict) -> String {
    let limit = (verdict.isLeast ? "at least " : "at most ") + Self.short(verdict.limit)
    let base = verdict.base.map { " of \($0)" } ?? ""
    let range = verdict.range.map(Self.short).joined(separator: " to ")
    let result = verdict.isReached ? "reached" : "MISSED"
    let value = "\(verdict.name), \(verdict.column): \(Self.short(verdict.value)), rounds \(range)"
    return "  bar \(limit)\(base): \(result)  (\(value))"
  }

  /// Whose ratios to whom are shown: all others' to the first, and localproxy's to the baseline.
  private static func compared(_ series: Series) -> [(String, String)] {
    guard let first = series.contestants.first else { return [] }
    let pairs = series.contestants.dropFirst().map { ($0, first) }
    let hasBaseline = series.contestants.dropFirst().contains("baseline")
    return hasBaseline && series.contestants.contains("localproxy")
      ? pairs + [("localproxy", "baseline")] : pairs
  }

  /// Three digits, or all before the point.
  static func short(_ value: Double) -> String {
    value == 0
      ? "0"
      : number(value, abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 0.1 ? 2 : 4)
  }

  /// Of two zeros there is none.
  private static func ratio(_ value: Double) -> String {
    value.isNaN ? "–" : number(value, 2) + "×"
  }

  private static func number(_ value: Double, _ decimals: Int) -> String {
    String(format: "%.\(decimals)f", value)
  }

  // MARK: JSON

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let record = Record(machine: machine, measurements: series.map(Record.Measured.init))
    return String(decoding: try encoder.encode(record), as: UTF8.self)
  }

  private struct Record: Encodable {
    let machine: Machine
    let measurements: [Measured]

    struct Measured: Encodable {
      let title: String
      /// In the order of all values below: "source (CPU-s/GB)".
      let columns: [String]
      let results: [Result]
      let ratios: [Ratio]
      let bars: [Verdict]

      init(_ series: Series) {
        title = series.measurement.title
        columns = series.measurement.columns.map { "\($0.name) (\($0.unit))" }
        let cases = series.measurement.cases
        results = cases.flatMap { name in
          series.contestants.map { Result(series, name, $0) }
        }
        let pairs = compared(series)
        ratios = cases.flatMap { name in
          pairs.compactMap { one, other in
            series.ratios(case: name, of: one, to: other).map {
              Ratio(name: name, of: one, to: other, medians: $0)
            }
          }
        }
        bars = Verdict.all(in: series)
      }
    }

    struct Result: Encodable {
      let name: String
      let contestant: String
      let medians: [Double]?
      /// Of every round that succeeded.
      let rounds: [[Double]]
      let failures: [String]
      let notes: [String]
      /// Of the last round.
      let curves: [Curve]

      init(_ series: Series, _ name: String, _ contestant: String) {
        self.name = name
        self.contestant = contestant
        medians = series.medians(case: name, contestant: contestant)
        rounds = series.roundValues(case: name, contestant: contestant)
        failures = series.failures(case: name, contestant: contestant)
        notes = series.notes(case: name, contestant: contestant)
        curves = series.curves[name]?[contestant] ?? []
      }
    }

    struct Ratio: Encodable {
      let name: String
      let of: String
      let to: String
      let medians: [Double]
    }
  }
}
