/// What one fuzzer feeds with octets: `check` throws what is wrong with the answer. It must never trap.
///
/// libFuzzer (`make fuzz`) calls it with what it makes up, and the tests with the seeds and with every input that
/// ever failed.
struct FuzzTarget: Sendable {
  /// Also that of its file of seeds and of its folder of regressions.
  let name: String
  /// Longest input that libFuzzer makes up, in octets.
  let inputByteCountMax: Int
  let check: @Sendable ([UInt8]) throws(Finding) -> Void

  static let all: [FuzzTarget] = [
    .frameParser, .handshake, .message, .frameReceiver, .tunnelFraming, .session,
    .configuration, .settings, .connectAnswer, .inflate,
    .pacing, .notification,
    .pacing, .statusRequest,
  ]

  static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// A rule that an input has broken.
struct Finding: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

func require(_ condition: Bool, _ rule: @autoclosure () -> String) throws(Finding) {
  if !condition { throw Finding(rule()) }
}
