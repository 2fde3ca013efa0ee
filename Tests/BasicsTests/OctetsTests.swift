import Basics
import Testing

@Suite("Octets")
struct OctetsTests {
  @Test(
    "Texts are the same when their octets are",
    arguments: [
      ("", "", true), ("SSH1", "SSH1", true), ("SSH1", "ssh1", false), ("SSH1", "SSH", false),
      ("", "a", false), ("a\u{0}", "a", false),
      // Canonically equivalent, and equal to `==`.
      ("\u{e9}", "e\u{301}", false),
    ])
  func sameness(left: String, right: String, areSame: Bool) {
    #expect(left.isSame(as: right) == areSame)
    #expect(right.isSame(as: left) == areSame)
    #expect([left].hasSame(right) == areSame)
  }

  @Test(
    "Parts stand between separators, empty ones too",
    arguments: [
      ("", [""]), ("a", ["a"]), (",", ["", ""]), ("a,b", ["a", "b"]),
      (",a,,b,", ["", "a", "", "b", ""]),
    ])
  func parts(text: String, parts: [String]) {
    #expect(text.octets.parted(at: 0x2c).map { $0.text } == parts)
  }
}
