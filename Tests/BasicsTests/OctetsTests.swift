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
    "What is printed is one line of characters that are seen, whoever wrote it",
    arguments: [
      ("", ""), ("plain ~", "plain ~"), ("grün €🛠", "grün €🛠"), ("a\u{301}", "a\u{301}"),
      ("\0\t\r\n\u{1b}[2J\u{7f}", "?????[2J?"),
      ("\u{80}\u{85}\u{9b}2J\u{9f}\u{a0}", "???2J?\u{a0}"),
      ("\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}", "???????"),
      ("\u{2028}\u{2029}\u{feff}\u{200b}\u{200d}\u{ad}", "??????"),
      ("\u{fff9}\u{fffd}\u{e0001}\u{e0041}\u{fe0f}\u{e0100}", "?\u{fffd}????"),
    ])
  func printable(text: String, expected: String) {
    #expect(text.printable.octets == expected.octets)
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
