import Foundation
import Testing

@testable import WebSocket

@Suite("HTTPDate")
struct HTTPDateTests {
  @Test("a date is the seconds that Foundation makes of it, leap years and all")
  func agrees() throws {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "GMT")
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    // Each twentieth day, at another time of the day.
    for day in stride(from: 0, to: 60_000, by: 19) {
      let seconds = Int64(day) * 86_400 + Int64(day * 7_919 % 86_400)
      let text = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
      #expect(HTTPDate(text)?.seconds == seconds, "\(text)")
    }
  }

  @Test(
    "anything else is none",
    arguments: [
      "", "0", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
      "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 nov 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1969 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
      "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov -994 08:49:37 GMT",
      "Sun, 06 Nov 1994 08:49:3x GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
    ])
  func refuses(text: String) {
    #expect(HTTPDate(text) == nil)
  }
}
