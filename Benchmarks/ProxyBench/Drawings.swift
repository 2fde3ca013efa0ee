import Foundation

/// The plots of a run: those whose measurements were taken.
enum Drawings {
  private static let colors = [
    "floor": "#8a8a8a", "control": "#c2c2c2", "baseline": "#d9722e", "localproxy": "#1f6fb4",
  ]

  /// Writes NAME.svg for each; a file of an earlier run is replaced.
  static func write(_ series: [Series], to directory: String) throws {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    for (name, plot) in series.flatMap(plots) {
      try plot.text.write(
        toFile: "\(directory)/\(name).svg", atomically: true, encoding: .utf8)
    }
  }

  private static func plots(_ series: Series) -> [(String, Plot)] {
    switch series.measurement {
    case let bulk as Bulk: self.bulk(bulk, series)
    case is Latency: latency(series)
    case is Keystroke: keystroke(series)
    case let stalled as Stalled: memory(stalled, series)
    case is Growth: growth(series)
    default: []
    }
  }

  // MARK: Bars

  private static func bulk(_ bulk: Bulk, _ series: Series) -> [(String, Plot)] {
    let legend = series.contestants.map { (name: $0, color: colors[$0] ?? "#000") }
    let connections =
      bulk.connectionCount == 1 ? "one connection" : "\(bulk.connectionCount) connections"
    let suffix = bulk.connectionCount == 1 ? "" : "-\(bulk.connectionCount)"
    func group(_ name: String, _ label: String, _ column: Int) -> Plot.BarGroup {
      Plot.BarGroup(
        name: label,
        values: series.contestants.map {
          series.medians(case: name, contestant: $0)?[column]
        })
    }
    let speeds = bulk.cases.map { group($0, $0, 0) }
    let costs = bulk.cases.flatMap { name in
      [(1, "source"), (2, "destination")].map { group(name, "\(name), \($1)", $0) }
    }
    func plot(_ title: String, _ unit: String, _ groups: [Plot.BarGroup]) -> Plot {
      let values = groups.flatMap(\.values).compactMap { $0 }
      return Plot(
        "\(title), \(connections)", y: Axis(title: unit, .linear, showing: values),
        legend: legend, groups)
    }
    return [
      ("throughput\(suffix)", plot("Throughput of the whole tunnel", "MB/s", speeds)),
      ("cpu\(suffix)", plot("Processor time of each proxy", "CPU seconds per GB", costs)),
    ]
  }

  // MARK: Lines

  private static func latency(_ series: Series) -> [(String, Plot)] {
    series.measurement.cases.compactMap { name in
      let lines = series.contestants.flatMap { contestant in
        (series.curves[name]?[contestant] ?? []).map {
          Plot.Line(name: contestant, color: colors[contestant] ?? "#000", points: $0.points)
        }
      }
      let file = name == "1 B" ? "latency-1-byte" : "latency-1-kib"
      return distribution("Round trips of \(name)", "µs", lines, scale: 1).map { (file, $0) }
    }
  }

  /// For each rate of the link: alone, and beside one transfer with pacing set and adaptive.
  private static func keystroke(_ series: Series) -> [(String, Plot)] {
    let shades = ["#1f6fb4", "#4aa3df", "#2e8b57", "#74c69d"]
    return ["800", "100"].compactMap { rate in
      let cases = series.measurement.cases.filter {
        $0.hasPrefix(rate) && !$0.contains("20")
      }
      var lines: [Plot.Line] = []
      for (contestant, isOwn) in [("localproxy", true), ("baseline", false)] {
        for (index, name) in cases.enumerated() {
          // A baseline knows no setting: its rows differ in nothing.
          guard isOwn || name.contains("adaptive"),
            let curves = series.curves[name]?[contestant]
          else { continue }
          let way = name.split(separator: ", ").dropFirst()
          let label = isOwn ? way.joined(separator: ", ") : "baseline, \(way.last ?? "")"
          for curve in curves where curve.name == "beside" || (isOwn && index == 0) {
            let isAlone = curve.name == "alone"
            lines.append(
              Plot.Line(
                name: isAlone ? "alone" : label,
                color: isAlone ? "#8a8a8a" : isOwn ? shades[index % 4] : "#d9722e",
                isDashed: !isOwn && name.hasSuffix("down"), points: curve.points))
          }
        }
      }
      return distribution(
        "Keystroke beside a transfer, link of \(rate) kB/s with 20 ms each way", "ms", lines,
        scale: 1e-3
      ).map { ("keystroke-\(rate)", $0) }
    }
  }

  private static func distribution(
    _ title: String, _ unit: String, _ lines: [Plot.Line], scale: Double
  ) -> Plot? {
    if lines.isEmpty { return nil }
    let scaled = lines.map { line in
      Plot.Line(
        name: line.name, color: line.color, isDashed: line.isDashed,
        points: line.points.map { [$0[0], $0[1] * scale] })
    }
    let points = scaled.flatMap(\.points)
    return Plot(
      title, x: Axis(title: "percentile", .percentile, showing: points.map { $0[0] }),
      y: Axis(title: unit, .logarithmic, showing: points.map { $0[1] }), scaled)
  }

  private static func memory(_ stalled: Stalled, _ series: Series) -> [(String, Plot)] {
    series.measurement.cases.compactMap { name in
      let lines = series.contestants.flatMap { contestant in
        (series.curves[name]?[contestant] ?? []).map {
          Plot.Line(
            name: "\(contestant), \($0.name)", color: colors[contestant] ?? "#000",
            isDashed: $0.name == "destination", points: $0.points)
        }
      }
      let points = lines.flatMap(\.points)
      if points.isEmpty { return nil }
      let readers = stalled.readerCount == 1 ? "a reader" : "\(stalled.readerCount) readers"
      let suffix = stalled.readerCount == 1 ? "" : "-\(stalled.readerCount)"
      return (
        "memory\(suffix)-\(name)",
        Plot(
          "Resident memory behind \(readers) stalled for 10 s, \(name)",
          x: Axis(title: "seconds", .linear, showing: points.map { $0[0] }),
          y: Axis.adapted(title: "MB", showing: points.map { $0[1] }), lines)
      )
    }
  }

  private static func growth(_ series: Series) -> [(String, Plot)] {
    func plot(_ title: String, _ unit: String, _ columns: [(Int, String)]) -> Plot? {
      let lines = series.contestants.flatMap { contestant in
        columns.map { column, end in
          Plot.Line(
            name: "\(contestant), \(end)", color: colors[contestant] ?? "#000",
            isDashed: end == "destination", hasDots: true,
            points: series.measurement.cases.compactMap { name in
              series.medians(case: name, contestant: contestant).map {
                [Double(Growth.count(name)), $0[column]]
              }
            })
        }
      }.filter { !$0.points.isEmpty }
      let points = lines.flatMap(\.points)
      if points.isEmpty { return nil }
      return Plot(
        title, x: Axis(title: "open connections", .logarithmic, showing: points.map { $0[0] }),
        y: Axis(title: unit, .linear, showing: points.map { $0[1] }), lines)
    }
    let unit = "CPU seconds per GB"
    let plots = [
      (
        "growth-bytes",
        plot(
          "Processor time of bulk on one connection beside idle ones", unit,
          [(0, "source"), (1, "destination")])
      ),
      (
        "growth-bytes-100",
        plot(
          "Processor time of bulk on up to \(Growth.busyCountMax) of the open connections", unit,
          [(2, "source"), (3, "destination")])
      ),
      (
        "growth-connections",
        plot(
          "Processor time to open and close a connection beside others", "CPU µs",
          [(4, "source"), (5, "destination")])
      ),
    ]
    return plots.compactMap { name, plot in plot.map { (name, $0) } }
  }
}
