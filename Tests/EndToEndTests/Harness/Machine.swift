import Foundation

/// What of the machine that the tests run on the programs' behaviour depends on.
enum Machine {
  /// Without an id, as in many a container, a client token is a random one, and each start warns of it.
  static let hasID: Bool = {
    let text = (try? String(contentsOfFile: "/etc/machine-id", encoding: .utf8)) ?? ""
    let id = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return id.count == 32 && id.contains { $0 != "0" }
  }()
}
