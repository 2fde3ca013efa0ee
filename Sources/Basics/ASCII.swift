/// Octets as characters of ASCII (RFC 20): names for what parts or ends something, and kinds of characters.
extension UInt8 {
  public static var tab: UInt8 { UInt8(ascii: "\t") }
  public static var lineFeed: UInt8 { UInt8(ascii: "\n") }
  public static var carriageReturn: UInt8 { UInt8(ascii: "\r") }
  public static var space: UInt8 { UInt8(ascii: " ") }
  public static var percent: UInt8 { UInt8(ascii: "%") }
  public static var comma: UInt8 { UInt8(ascii: ",") }
  public static var hyphen: UInt8 { UInt8(ascii: "-") }
  public static var dot: UInt8 { UInt8(ascii: ".") }
  public static var slash: UInt8 { UInt8(ascii: "/") }
  public static var colon: UInt8 { UInt8(ascii: ":") }
  public static var semicolon: UInt8 { UInt8(ascii: ";") }
  public static var equals: UInt8 { UInt8(ascii: "=") }
  public static var at: UInt8 { UInt8(ascii: "@") }
  public static var openingBracket: UInt8 { UInt8(ascii: "[") }
  public static var closingBracket: UInt8 { UInt8(ascii: "]") }
  public static var openingBrace: UInt8 { UInt8(ascii: "{") }
  public static var closingBrace: UInt8 { UInt8(ascii: "}") }
  public static var hash: UInt8 { UInt8(ascii: "#") }
  public static var bar: UInt8 { UInt8(ascii: "|") }
  public static var quote: UInt8 { UInt8(ascii: "\"") }
  public static var backslash: UInt8 { UInt8(ascii: "\\") }
  public static var questionMark: UInt8 { UInt8(ascii: "?") }

  public var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
  public var isUppercaseLetter: Bool { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self }
  public var isLowercaseLetter: Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= self }
  public var isLetterOrDigit: Bool { isDigit || isUppercaseLetter || isLowercaseLetter }
  /// One of those below the space, or DEL.
  public var isControl: Bool { self < .space || self == 0x7f }

  /// Of a digit; nil for anything else.
  public var decimalValue: UInt8? { isDigit ? self - UInt8(ascii: "0") : nil }

  /// Of a hexadecimal digit; nil for anything else.
  public var hexadecimalValue: UInt8? {
    if let decimalValue { return decimalValue }
    let letter = self | 0x20
    return UInt8(ascii: "a")...UInt8(ascii: "f") ~= letter ? letter - UInt8(ascii: "a") + 10 : nil
  }
}
