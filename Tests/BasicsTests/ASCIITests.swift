import Basics
import Testing

@Suite("ASCII")
struct ASCIITests {
  @Test("each octet is of the kinds that its character is of, and no octet beyond ASCII of any")
  func hasKinds() {
    for octet in UInt8.min...UInt8.max {
      let character = octet < 0x80 ? Character(Unicode.Scalar(octet)) : nil
      let isLetter = character?.isLetter == true
      #expect(octet.isDigit == (character?.isNumber == true))
      #expect(octet.isUppercaseLetter == (isLetter && character?.isUppercase == true))
      #expect(octet.isLowercaseLetter == (isLetter && character?.isLowercase == true))
      #expect(octet.isLetterOrDigit == (isLetter || octet.isDigit))
      #expect(octet.isControl == (octet < 0x20 || octet == 0x7f))
      #expect(octet.decimalValue.map(Int.init) == character?.wholeNumberValue)
      #expect(octet.hexadecimalValue.map(Int.init) == character?.hexDigitValue)
    }
  }

  @Test("names are those of the characters")
  func hasNames() {
    let named: [UInt8] = [
      .tab, .lineFeed, .carriageReturn, .space, .percent, .comma, .hyphen, .dot, .slash, .colon,
      .semicolon, .equals, .at, .openingBracket, .closingBracket,
    ]
    #expect(named[...].text.isSame(as: "\t\n\r %,-./:;=@[]"))
  }
}
