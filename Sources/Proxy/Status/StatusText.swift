import Basics

/// A text that grows, out of templates with marks in them:
///
///     %   the next number
///     $   the next number, nanoseconds, as seconds
///     @   the next text, in quotation marks
///     ^   this line comes once for each service
package final class StatusText {
  package private(set) var octets: [UInt8] = []
  private var numbers: [Int64] = []
  private var texts: [String] = []
  private var numberIndex = 0
  private var textIndex = 0

  package init() {}

  /// What the marks stand for that come next.
  func fill(_ numbers: [Int64], _ texts: [String]) {
    self.numbers = numbers
    self.texts = texts
    numberIndex = 0
    textIndex = 0
  }

  /// - Parameter serviceCount: how often a line comes that comes once for each service.
  func add(_ template: ArraySlice<UInt8>, serviceCount: Int = 0) {
    var index = template.startIndex
    while index < template.endIndex {
      let octet = template[index]
      index += 1
      switch octet {
      case .percent: add(nextNumber.decimal)
      case UInt8(ascii: "$"):
        let number = nextNumber
        add((number / 1_000_000_000).decimal)
        let start = octets.count
        add((1_000_000_000 + number % 1_000_000_000).decimal)
        octets[start] = .dot
      case .at:
        textIndex += 1
        octets.append(quoted: texts[textIndex - 1].printable.octets[...])
      case UInt8(ascii: "^"):
        var end = index
        while template[end] != .lineFeed { end += 1 }
        for _ in 0..<serviceCount { add(template[index...end]) }
        index = end + 1
      default: octets.append(octet)
      }
    }
  }

  private var nextNumber: Int64 {
    numberIndex += 1
    return numbers[numberIndex - 1]
  }

  @inline(never) func add(_ text: String) { octets += text.octets }

  func add(_ other: StatusText) { octets += other.octets }

  /// The metrics as members of an object in JSON: their names are theirs with their labels.
  func add(membersOf metrics: StatusText) {
    var isFirst = true
    for line in metrics.octets.parted(at: .lineFeed) {
      guard line.first ?? .hash != .hash, let space = line.lastIndex(of: .space) else { continue }
      if !isFirst { octets.append(.comma) }
      isFirst = false
      octets.append(quoted: line[..<space])
      octets.append(.colon)
      octets += line[(space + 1)...]
    }
  }
}
