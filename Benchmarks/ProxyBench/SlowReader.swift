/// A reader that stalls, then sips, then reads at full speed, so that a gigabyte meets both kinds
/// of congestion and the run still ends within 40 seconds.
enum SlowReader {
  static let stallSeconds = 10.0
  static let sipSeconds = 10.0
  static let sipBytesPerSecond = 1e6

  static func receive(_ byteCount: Int, from stream: Stream) throws {
    Clock.sleep(seconds: stallSeconds)
    let start = Clock.now()
    try Pattern.shared.receive(byteCount, from: stream) { received in
      let due = Double(received) / sipBytesPerSecond
      let elapsed = Clock.seconds(since: start)
      if elapsed < sipSeconds, due > elapsed {
        Clock.sleep(seconds: min(due - elapsed, sipSeconds - elapsed))
      }
    }
  }
}
