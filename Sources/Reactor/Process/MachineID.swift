import Basics

/// What tells this machine from every other one (machine-id(5)).
public enum MachineID {
  private static let path = "/etc/machine-id"
  private static let byteCount = 32

  /// 32 lower-case hexadecimal digits; nil when the machine has none, or not yet.
  /// - Parameter file: for tests.
  public static func read(_ file: String? = nil) -> String? {
    guard let content = try? File.read(file ?? path, byteCountMax: 256) else { return nil }
    let id = content.bytes[...].trimmed
    // What says "uninitialized", or is all zeros, is no id.
    let isID =
      id.count == byteCount
      && id.text.consists { $0.hexadecimalValue != nil && !$0.isUppercaseLetter }
    return isID && id.contains { $0 != UInt8(ascii: "0") } ? id.text : nil
  }
}
