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
    "A message repeats the beginning of what is long, in whole characters",
    arguments: [
      ("", ""), ("a", "a"), (String(repeating: "a", count: 80), String(repeating: "a", count: 80)),
      (String(repeating: "a", count: 81), String(repeating: "a", count: 80) + "…"),
      ("a" + String(repeating: "é", count: 40), "a" + String(repeating: "é", count: 39) + "…"),
      (String(repeating: "🛠", count: 21), String(repeating: "🛠", count: 20) + "…"),
      (String(repeating: "\u{301}", count: 100_000), String(repeating: "\u{301}", count: 40) + "…"),
    ])
  func excerpts(text: String, excerpt: String) {
    #expect(text.excerpt == excerpt && text.quoted == "'\(excerpt)'")
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
