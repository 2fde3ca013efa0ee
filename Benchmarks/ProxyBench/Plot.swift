/// A picture of figures: lines over two axes, or bars in groups.
struct Plot {
  /// One colour and its name in the legend.
  struct Line {
    let name: String
    let color: String
    var isDashed = false
    /// Whether its points are few enough to be worth a mark each.
    var hasDots = false
    let points: [[Double]]
  }

  struct BarGroup {
    let name: String
    /// In the order of the legend; nil where there is no figure.
    let values: [Double?]
  }

  static let width = 760
  static let height = 420
  private static let left = 70.0
  private static let right = 24.0
  private static let top = 78.0
  private static let bottom = 56.0
  private static let gridColor = "#e3e3e3"

  let title: String
  private let yAxis: Axis
  private var svg = SVG(width: Plot.width, height: Plot.height)

  private static let plotWidth = Double(width) - left - right
  private static let plotHeight = Double(height) - top - bottom
  private static let floorY = Double(height) - bottom

  /// Lines.
  init(_ title: String, x xAxis: Axis, y yAxis: Axis, _ lines: [Line]) {
    self.title = title
    self.yAxis = yAxis
    drawFrame(lines.map { ($0.name, $0.color, $0.isDashed) })
    for tick in xAxis.ticks {
      let x = Self.left + xAxis.place(of: tick.value) * Self.plotWidth
      svg.line(from: (x, Self.top), to: (x, Self.floorY), color: Self.gridColor)
      if let label = tick.label {
        svg.words(label, at: (x, Self.floorY + 18), anchor: .middle)
      }
    }
    drawAxes(xTitle: xAxis.title)
    for line in lines {
      let points = line.points.filter { $0[1].isFinite }.map { point in
        (Self.left + xAxis.place(of: point[0]) * Self.plotWidth, y(point[1]))
      }
      svg.path(points, color: line.color, isDashed: line.isDashed)
      if line.hasDots { for point in points { svg.dot(at: point, color: line.color) } }
    }
  }

  /// Bars, each with its figure above it.
  init(
    _ title: String, y yAxis: Axis, legend: [(name: String, color: String)], _ groups: [BarGroup]
  ) {
    self.title = title
    self.yAxis = yAxis
    drawFrame(legend.map { ($0.name, $0.color, false) })
    drawAxes(xTitle: "")
    let room = Self.plotWidth / Double(max(groups.count, 1))
    let barWidth = room * 0.8 / Double(max(legend.count, 1))
    for (index, group) in groups.enumerated() {
      let start = Self.left + room * (Double(index) + 0.1)
      svg.words(
        group.name, at: (start + room * 0.4, Self.floorY + 20), anchor: .middle)
      for (place, value) in group.values.enumerated() {
        let x = start + barWidth * Double(place)
        let top = value.map(y) ?? Self.floorY
        if value != nil {
          svg.rectangle(
            x: x + 1, y: top, width: barWidth - 2, height: Self.floorY - top,
            color: legend[place].color)
        }
        svg.words(
          value.map(Report.short) ?? "failed", at: (x + barWidth / 2, top - 5), anchor: .middle,
          size: 10)
      }
    }
  }

  var text: String { svg.text }

  private func y(_ value: Double) -> Double {
    Self.floorY - min(max(yAxis.place(of: value), 0), 1) * Self.plotHeight
  }

  /// Title, legend and the grid across.
  private mutating func drawFrame(_ legend: [(name: String, color: String, isDashed: Bool)]) {
    svg.words(title, at: (Self.left, 26), size: 16, isBold: true)
    var x = Self.left
    var row = 48.0
    for entry in legend {
      // Letters of this font are seven pixels wide at the most, on average.
      let width = 34 + Double(entry.name.count) * 6.5 + 14
      if x + width > Double(Self.width) - Self.right, x > Self.left {
        x = Self.left
        row += 17
      }
      svg.line(
        from: (x, row - 4), to: (x + 26, row - 4), color: entry.color, width: 4,
        isDashed: entry.isDashed)
      svg.words(entry.name, at: (x + 32, row))
      x += width
    }
    for tick in yAxis.ticks {
      let y = y(tick.value)
      svg.line(
        from: (Self.left, y), to: (Self.left + Self.plotWidth, y), color: Self.gridColor)
      if let label = tick.label { svg.words(label, at: (Self.left - 8, y + 4), anchor: .end) }
    }
  }

  private mutating func drawAxes(xTitle: String) {
    let middle = Self.top + Self.plotHeight / 2
    svg.words(yAxis.title, at: (18, middle), anchor: .middle, isTurned: true)
    svg.words(
      xTitle, at: (Self.left + Self.plotWidth / 2, Double(Self.height) - 14), anchor: .middle)
    svg.line(
      from: (Self.left, Self.floorY), to: (Self.left + Self.plotWidth, Self.floorY),
      color: "#555")
    svg.line(from: (Self.left, Self.top), to: (Self.left, Self.floorY), color: "#555")
  }
}
