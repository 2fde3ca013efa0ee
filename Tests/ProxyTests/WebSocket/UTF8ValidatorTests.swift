import Testing
import WebSocket

@Suite("UTF8Validator")
struct UTF8ValidatorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let octets: [UInt8]
    /// The first octet that nothing could mend; nil when there is none.
    var faultAt: Int?
    /// Nothing is wrong, and nothing is missing at the end.
    var isComplete = true
    var testDescription: String { name }
  }

  private static func good(_ name: String, _ octets: [UInt8]) -> Case {
    Case(name: name, octets: octets)
  }

  private static func cut(_ name: String, _ octets: [UInt8]) -> Case {
    Case(name: name, octets: octets, isComplete: false)
  }

  private static func bad(_ name: String, _ octets: [UInt8], at index: Int) -> Case {
    Case(name: name, octets: octets, faultAt: index, isComplete: false)
  }

  private static let cases: [Case] = [
    good("nothing", []),
    good("ASCII", Array("Hello, \u{0}\u{7f}".utf8)),
    good("two octets, first and last", [0xc2, 0x80, 0xdf, 0xbf]),
    good("three octets, first and last", [0xe0, 0xa0, 0x80, 0xef, 0xbf, 0xbf]),
    good("around the surrogates", [0xed, 0x9f, 0xbf, 0xee, 0x80, 0x80]),
    good("four octets, first and last", [0xf0, 0x90, 0x80, 0x80, 0xf4, 0x8f, 0xbf, 0xbf]),
    good("mixed", Array("κόσμε x 😀 é".utf8)),
    cut("a start alone", [0x61, 0xc3]),
    cut("two of three", [0xe2, 0x82]),
    cut("three of four", [0xf0, 0x9f, 0x98]),
    bad("a continuation alone", [0x61, 0x80], at: 1),
    bad("one continuation too many", [0xc3, 0xa9, 0xa9], at: 2),
    bad("an interrupted character", [0xe2, 0x82, 0x61], at: 2),
    bad("a start inside of a character", [0xe2, 0xc3, 0xa9], at: 1),
    bad("overlong, two octets", [0xc0, 0x80], at: 0),
    bad("overlong, two octets, the last", [0xc1, 0xbf], at: 0),
    bad("overlong, three octets", [0xe0, 0x9f, 0xbf], at: 1),
    bad("overlong, four octets", [0xf0, 0x8f, 0xbf, 0xbf], at: 1),
    bad("the first surrogate", [0xed, 0xa0, 0x80], at: 1),
    bad("the last surrogate", [0xed, 0xbf, 0xbf], at: 1),
    bad("beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80], at: 1),
    bad("F5", [0xf5, 0x80, 0x80, 0x80], at: 0),
    bad("FE", [0x61, 0x62, 0xfe], at: 2),
    bad("FF", [0xff], at: 0),
  ]

  @Test("a text is judged whole", arguments: cases)
  func judgesWhole(_ example: Case) {
    var validator = UTF8Validator()
    #expect(validator.take(example.octets.span) == (example.faultAt == nil))
    #expect(validator.isComplete == example.isComplete)
  }

  @Test("a text is refused at the first octet that nothing can mend", arguments: cases)
  func failsFast(_ example: Case) {
    var validator = UTF8Validator()
    for index in example.octets.indices {
      let isRight = validator.take(example.octets.span.extracting(index...index))
      #expect(isRight == (example.faultAt.map { index < $0 } ?? true), "octet \(index)")
    }
    #expect(validator.isComplete == example.isComplete)
    // What failed stays so, and a character that is cut short cannot go on with a letter.
    #expect(validator.take([0x61].span) == example.isComplete)
  }

  @Test("every pair and triple of octets is judged as the standard library does")
  func agreesWithStandardLibrary() {
    for first in UInt8(0x80)...0xff {
      for second in UInt8.min...0xff {
        for rest in [[], [0x80], [0xbf], [0x80, 0x80], [0xbf, 0xbf], [0x61]] as [[UInt8]] {
          let octets = [first, second] + rest
          var validator = UTF8Validator()
          let isRight = validator.take(octets.span) && validator.isComplete
          #expect(isRight == (String(validating: octets, as: UTF8.self) != nil), "\(octets)")
        }
      }
    }
  }
}
