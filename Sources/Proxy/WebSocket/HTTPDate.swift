import Basics

/// A point in time as HTTP's fields have it (IMF-fixdate, RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
struct HTTPDate {
  /// Since 1970, without leap seconds.
  let seconds: Int64

  /// Nil for anything else, the two obsolete forms among it.
  init?(_ text: String) {
    let octets = text.octets
    guard octets.count == 29, octets[25...].text.isSame(as: " GMT"),
      let month = octets[8..<11].text.place(
        in: "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"),
      let day = Self.number(octets[5..<7]), (1...31).contains(day),
      let year = Self.number(octets[12..<16]), year >= 1970,
      let hour = Self.number(octets[17..<19]), let minute = Self.number(octets[20..<22]),
      let second = Self.number(octets[23..<25]), hour < 24, minute < 60, second <= 60
    else { return nil }
    seconds = ((Self.days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    digits.first == .hyphen ? nil : digits.text.number
  }

  /// Since 1970.
  /// - Parameter month: 0 for January.
  private static func days(_ year: Int64, _ month: Int, _ day: Int64) -> Int64 {
    // Years begin in March here, so that a leap day is a year's last.
    let shifted = month < 2 ? year - 1 : year
    let monthSinceMarch = Int64((month + 10) % 12)
    let leapDays = shifted / 4 - shifted / 100 + shifted / 400
    return shifted * 365 + leapDays + (monthSinceMarch * 153 + 2) / 5 + day - 1 - 719_468
  }
}
