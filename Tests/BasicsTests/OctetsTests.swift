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

  @Test(
    "The beginning has whole characters",
    arguments: [
      ("", 0, ""), ("", 8, ""), ("abc", 0, ""), ("abc", 2, "ab"), ("abc", 3, "abc"),
      ("abc", 4, "abc"), ("é", 1, ""), ("é", 2, "é"), ("aé", 2, "a"), ("aéb", 3, "aé"),
      ("🛠🛠", 3, ""), ("🛠🛠", 4, "🛠"), ("🛠🛠", 7, "🛠"),
    ])
  func beginnings(text: String, countMax: Int, beginning: String) {
    #expect(text.octets.beginning(countMax).text.isSame(as: beginning))
  }

  @Test(
    "Characters are those that Unicode counts",
    arguments: [
      "", "plain", "a\u{301}€🛠\u{fffd}", "\0\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}",
    ])
  func characters(text: String) {
    #expect(text.characters.map { $0.scalar } == text.unicodeScalars.map { $0.value })
  }

  @Test(
    "Octets are found wherever they stand",
    arguments: [
      ("", false), (":", true), ("ab:", true), (":ab", true), ("ab", false), ("ä\0", false),
    ])
  func octet(text: String, isThere: Bool) {
    #expect(text.has(0x3a) == isThere)
    #expect(text.consists { $0 != 0x3a } == !isThere)
    #expect(text.octets.span.octets == text.octets)
  }

  @Test(
    "Only ASCII letters have a lower case",
    arguments: [("", ""), ("@AZ[`az{09-", "@az[`az{09-"), ("ÄÉé\u{212a}", "ÄÉé\u{212a}")])
  func lowerCase(text: String, expected: String) {
    #expect(text.octets[...].lowercasedText.isSame(as: expected))
    #expect("X\(text)".octets[1...].lowercasedText.isSame(as: expected))
  }

  @Test(
    "A list has a comma between two",
    arguments: [([], ""), (["a"], "a"), (["a", "", "b"], "a, , b")])
  func lists(texts: [String], list: String) {
    #expect(texts.listed.isSame(as: list))
  }

  @Test("octets get a text of any length, and texts are the same when all of theirs are")
  func takesTexts() {
    // A text of up to fifteen octets has no memory of its own.
    for length in 0...40 {
      let text = String(repeating: "a", count: length)
      var octets: [UInt8] = [1]
      octets.append(text)
      octets.append(.dot)
      #expect(octets == [1] + [UInt8](repeating: 0x61, count: length) + [.dot])
      #expect(text.isSame(as: octets[1..<(1 + length)].text))
      #expect(!text.isSame(as: text + "b") && text.consists { $0 == 0x61 })
      if length > 0 { #expect(!text.isSame(as: text.dropLast() + "b")) }
    }
  }

  @Test("a template has others in the places of its marks, whatever is in them")
  func fillsTemplate() {
    #expect("% is not %: %".with("a%b", "%", "ü%") == "a%b is not %: ü%")
    #expect("…".with("x") == "…" && "%".with("") == "" && "%%".with("a", "b") == "ab")
    #expect(Int64.min.decimal == "-9223372036854775808" && 0.decimal == "0")
  }

  @Test("a text is cut at the first or the last of an octet")
  func cutsText() {
    #expect("a:b:c".cut(at: 0x3a) ?? ("", "") == ("a", "b:c"))
    #expect("a:b:c".cut(at: 0x3a, last: true) ?? ("", "") == ("a:b", "c"))
    #expect(":".cut(at: 0x3a) ?? ("x", "x") == ("", "") && "ab".cut(at: 0x3a) == nil)
  }
}
