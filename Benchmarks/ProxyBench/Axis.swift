import Foundation

/// Where a value lies between the two ends of an axis, and which values are written beside it.
struct Axis {
  enum Scale {
    case linear
    case logarithmic
    /// Shares of what takes longer, from the half to ever smaller ones: the higher percentiles lie further out.
    case percentile
  }

  struct Tick {
    let value: Double
    /// Nil for a grid line alone.
    let label: String?
  }

  let title: String
  let scale: Scale
  let least: Double
  let greatest: Double
  let ticks: [Tick]

  /// Ends at round values around those to be shown.
  init(title: String, _ scale: Scale, showing values: [Double]) {
    self.title = title
    self.scale = scale
    let finite = values.filter { $0.isFinite && (scale == .linear || $0 > 0) }
    let low = finite.min() ?? 1
    let high = finite.max() ?? 1
    switch scale {
    case .linear:
      let step = Self.roundStep(max(high, 1e-9) / 6)
      least = 0
      greatest = max((high * 1.05 / step).rounded(.up), 1) * step
      ticks = (0...Int((greatest / step).rounded())).map {
        Tick(value: Double($0) * step, label: Self.label(Double($0) * step))
      }
    case .logarithmic:
      let first = log10(low).rounded(.down)
      let last = max(log10(high).rounded(.up), first + 1)
      // Less than a decade of room is taken by 2 and 5.
      let bounds = Self.tight(first, last, low, high)
      (least, greatest) = bounds
      ticks = Self.decadeTicks(first, last, bounds)
    case .percentile:
      least = 0.5
      let smallest = min(low, 0.01)
      greatest = smallest
      ticks = [0.5, 0.1, 0.01, 0.001, 0.0001].filter { $0 >= smallest * 0.999 }.map {
        Tick(value: $0, label: "p" + Self.label(100 - 100 * $0))
      }
    }
  }

  /// Linear where the values are of a size, else logarithmic.
  static func adapted(title: String, showing values: [Double]) -> Axis {
    let positive = values.filter { $0 > 0 }
    let ratio = (positive.max() ?? 1) / (positive.min() ?? 1)
    return Axis(title: title, ratio > 20 ? .logarithmic : .linear, showing: values)
  }

  /// From 0 at the least to 1 at the greatest.
  func place(of value: Double) -> Double {
    switch scale {
    case .linear: (value - least) / (greatest - least)
    case .logarithmic, .percentile:
      (log10(max(value, .leastNormalMagnitude)) - log10(least)) / (log10(greatest) - log10(least))
    }
  }

  static func label(_ value: Double) -> String {
    if value >= 10_000 {
      return value.truncatingRemainder(dividingBy: 1000) == 0
        ? "\(Int(value / 1000)),000" : "\(Int(value))"
    }
    return String(format: "%g", (value * 1e6).rounded() / 1e6)
  }

  /// 1, 2 or 5 times a power of ten, and not less than `value`.
  private static func roundStep(_ value: Double) -> Double {
    let power = pow(10, log10(value).rounded(.down))
    return [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= value * 0.999 } ?? value
  }

  private static func tight(
    _ first: Double, _ last: Double, _ low: Double, _ high: Double
  ) -> (Double, Double) {
    let lows = [5.0, 2, 1].map { $0 * pow(10, first) }
    let highs = [0.2, 0.5, 1].map { $0 * pow(10, last) }
    return (
      lows.first { $0 <= low * 1.001 } ?? low, highs.first { $0 >= high * 0.999 } ?? high
    )
  }

  private static func decadeTicks(
    _ first: Double, _ last: Double, _ bounds: (Double, Double)
  ) -> [Tick] {
    let isShort = last - first <= 3
    return (Int(first)...Int(last)).flatMap { exponent in
      (1...9).compactMap { digit -> Tick? in
        let value = Double(digit) * pow(10, Double(exponent))
        guard value >= bounds.0 * 0.999, value <= bounds.1 * 1.001 else { return nil }
        let isLabelled = digit == 1 || (isShort && (digit == 2 || digit == 5))
        return Tick(value: value, label: isLabelled ? label(value) : nil)
      }
    }
  }
}
