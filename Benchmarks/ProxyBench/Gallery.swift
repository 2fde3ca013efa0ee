import Figures
import Foundation

/// Where a run's figures are kept, and what is drawn of them: DIRECTORY/data has a file of figures for each
/// measurement, and one of curves where there are some. What this run did not measure stays as it is, so a run may be
/// done in parts, and plots and table can be drawn again without any.
struct Gallery {
  private static let tool = "gnuplot"
  /// What is compared with in docs is the reference, by whatever option it came.
  private static let names = ["baseline": "reference"]

  private let directory: String
  private let script: String
  /// The Markdown file whose table is replaced.
  private let page: String?

  /// Nil where nothing is to be kept.
  init?(_ options: Options) throws {
    guard let directory = options.plots else { return nil }
    self.directory = directory
    page = options.page
    script = (Programs.packageRoot() ?? ".") + "/Benchmarks/plots.gp"
    guard
      Programs.firstLine(of: "/usr/bin/env", [Self.tool, "--version"])?
        .hasPrefix(Self.tool) == true
    else {
      throw Failure(
        "\(Self.tool), which draws the plots, is not here: scripts/install-dependencies bench")
    }
  }

  func keep(_ series: [Series], of machine: Machine) throws {
    try FileManager.default.createDirectory(
      atPath: directory + "/data", withIntermediateDirectories: true)
    for series in series {
      try results(series, machine).text.write(
        toFile: path(series.name), atomically: true, encoding: .utf8)
      let curves = Self.curves(series)
      if curves.isEmpty { continue }
      try curves.write(
        toFile: path(series.name + "-curves"), atomically: true, encoding: .utf8)
    }
  }

  func keep(_ results: Results, as name: String) throws {
    try FileManager.default.createDirectory(
      atPath: directory + "/data", withIntermediateDirectories: true)
    try results.text.write(toFile: path(name), atomically: true, encoding: .utf8)
  }

  /// All plots that there are figures for, and the page's table.
  func draw() throws {
    try Programs.run(Self.tool, ["-c", script, directory])
    guard let page else { return }
    let text = try String(contentsOfFile: page, encoding: .utf8)
    if let drawn = FootprintPage(text).drawn({ name in
      (try? String(contentsOfFile: path(name), encoding: .utf8)).flatMap { Results($0) }
    }) {
      try drawn.write(toFile: page, atomically: true, encoding: .utf8)
      return
    }
    guard let old = FigurePage(text) else {
      throw Failure("\(page) has no '<!-- table -->' … '<!-- /table -->'")
    }
    let table = FigureTable.markdown { name in
      (try? String(contentsOfFile: path(name), encoding: .utf8)).flatMap { Results($0) }
    }
    try old.text(with: table).write(toFile: page, atomically: true, encoding: .utf8)
  }

  private func path(_ name: String) -> String { "\(directory)/data/\(name).tsv" }

  private func results(_ series: Series, _ machine: Machine) -> Results {
    let count = series.measurement.roundCount
    var results = Results(
      comments: [
        "\(series.measurement.title); medians of \(count) \(count == 1 ? "round" : "rounds")",
        machine.text,
      ],
      columns: series.measurement.columns.map { "\($0.name) (\($0.unit))" })
    for name in series.measurement.cases {
      for contestant in series.contestants {
        results.add(
          name, Self.names[contestant] ?? contestant,
          series.medians(case: name, contestant: contestant),
          note: Self.fate(of: contestant, case: name, in: series))
      }
    }
    return results
  }

  /// What became of it in rounds that failed, or after the last byte; else empty.
  private static func fate(of contestant: String, case name: String, in series: Series) -> String {
    let failures = series.failures(case: name, contestant: contestant)
    let count = series.rounds(case: name, contestant: contestant).count
    if let first = failures.first { return "failed in \(failures.count) of \(count): \(first)" }
    return series.notes(case: name, contestant: contestant).first ?? ""
  }

  /// A block for each, two empty lines apart, as gnuplot's `index` finds them by name: "CASE CONTESTANT" and the
  /// curve's own. The title of its second column is the curve's in the legend. Of one that failed, "CASE CONTESTANT
  /// death" has the ends of its curves, the last of them with the reason.
  private static func curves(_ series: Series) -> String {
    var blocks: [String] = []
    for name in series.measurement.cases {
      for contestant in series.contestants {
        let shown = names[contestant] ?? contestant
        let curves = series.curves[name]?[contestant] ?? []
        for curve in curves {
          let own = curve.name == name ? [] : [curve.name]
          blocks.append(
            block(
              ([name, shown] + own).joined(separator: " "),
              "x\t" + ([shown] + own).joined(separator: ", "), curve.points.map(point)))
        }
        guard let failure = series.failures(case: name, contestant: contestant).first else {
          continue
        }
        let ends = curves.compactMap(\.points.last).sorted { $0[0] < $1[0] }
        let reason = failure.prefix { $0 != ";" && $0 != ":" }
        let texts = ends.indices.map { $0 == ends.count - 1 ? "failed: \(reason)" : "ended" }
        blocks.append(
          block(
            "\(name) \(shown) death", "x\ty\ttext",
            zip(ends, texts).map { point($0) + "\t" + $1 }))
      }
    }
    return blocks.isEmpty ? "" : blocks.joined(separator: "\n\n\n") + "\n"
  }

  private static func block(_ name: String, _ heads: String, _ lines: [String]) -> String {
    (["# \(name)", heads] + lines).joined(separator: "\n")
  }

  private static func point(_ values: [Double]) -> String {
    String(format: "%.6g\t%.6g", values[0], values[1])
  }
}
