import Foundation
import Testing

@testable import Reactor

@Suite("MachineID")
struct MachineIDTests {
  private static let id = "0123456789abcdef0123456789abcdef"

  @Test(
    "the file has an id of 32 lower-case hexadecimal digits, or none",
    arguments: [
      (id, id), (id + "\n", id), (" " + id + " \n", id), ("", nil), ("\n", nil),
      ("uninitialized\n", nil), (String(repeating: "0", count: 32), nil),
      (id.uppercased(), nil), (String(id.dropLast()), nil), (id + "0", nil),
      (id + "\n" + id, nil), (String(repeating: "a", count: 300), nil),
    ] as [(String, String?)])
  func reads(text: String, expected: String?) throws {
    let path = NSTemporaryDirectory() + "machine-id." + UUID().uuidString
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(MachineID.read(path) == expected)
  }

  @Test("a machine without the file has none", arguments: ["/nonexistent", "/", "/dev/null"])
  func hasNone(path: String) {
    #expect(MachineID.read(path) == nil)
  }
}
