import Foundation

/// A drawing as text: lines, rectangles and words by their places in pixels. Numbers are written with one
/// digit, so that the same figures always give the same file.
struct SVG {
  enum Anchor: String {
    case start, middle, end
  }

  private let width: Int
  private let height: Int
  private var elements: [String] = []

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// On white, so that it can be read on any background.
  var text: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
    viewBox="0 0 \(width) \(height)" font-family="Helvetica, Arial, sans-serif" font-size="12" \
    fill="#333">
    <rect width="\(width)" height="\(height)" fill="#fff"/>
    \(elements.joined(separator: "\n"))
    </svg>

    """
  }

  mutating func line(
    from start: (Double, Double), to end: (Double, Double), color: String, width: Double = 1,
    isDashed: Bool = false
  ) {
    elements.append(
      """
      <line x1="\(Self.number(start.0))" y1="\(Self.number(start.1))" \
      x2="\(Self.number(end.0))" y2="\(Self.number(end.1))" stroke="\(color)" \
      stroke-width="\(Self.number(width))"\(Self.dashes(isDashed))/>
      """)
  }

  mutating func path(_ points: [(Double, Double)], color: String, isDashed: Bool = false) {
    let places = points.map { "\(Self.number($0.0)),\(Self.number($0.1))" }
    elements.append(
      """
      <polyline points="\(places.joined(separator: " "))" fill="none" stroke="\(color)" \
      stroke-width="2" stroke-linejoin="round"\(Self.dashes(isDashed))/>
      """)
  }

  mutating func dot(at point: (Double, Double), color: String) {
    elements.append(
      """
      <circle cx="\(Self.number(point.0))" cy="\(Self.number(point.1))" r="3" fill="\(color)"/>
      """)
  }

  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, color: String
  ) {
    elements.append(
      """
      <rect x="\(Self.number(x))" y="\(Self.number(y))" width="\(Self.number(width))" \
      height="\(Self.number(height))" fill="\(color)"/>
      """)
  }

  mutating func words(
    _ text: String, at point: (Double, Double), anchor: Anchor = .start, size: Int? = nil,
    isBold: Bool = false, isTurned: Bool = false
  ) {
    let place = "\(Self.number(point.0))" + "\" y=\"" + "\(Self.number(point.1))"
    let turn =
      isTurned
      ? #" transform="rotate(-90 \#(Self.number(point.0)) \#(Self.number(point.1)))""# : ""
    elements.append(
      """
      <text x="\(place)" text-anchor="\(anchor.rawValue)"\
      \(size.map { #" font-size="\#($0)""# } ?? "")\(isBold ? #" font-weight="bold""# : "")\(turn)>\
      \(Self.escaped(text))</text>
      """)
  }

  private static func dashes(_ isDashed: Bool) -> String {
    isDashed ? #" stroke-dasharray="5 4""# : ""
  }

  private static func number(_ value: Double) -> String {
    String(format: "%.1f", value)
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;")
      .replacingOccurrences(of: "<", with: "&lt;").replacingOccurrences(of: ">", with: "&gt;")
  }
}
