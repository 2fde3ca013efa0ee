/// What the shipped localproxy may take at the most, of what is the same on every machine: its file's size, and its system
/// calls from exec to listening. The tests hold them; what they are now is in docs/footprint.md.
public struct FootprintBudget: Sendable {
  /// How a program is linked.
  public enum Build: String, CaseIterable, Sendable {
    /// With the system's libraries.
    case dynamic
    /// One file, with Debian's OpenSSL.
    case `static`
    /// One file, with no more of OpenSSL than it uses.
    case trimmed
  }

  /// In octets, stripped, on x86_64.
  public let size: Int
  /// A source's, the loader's among them, up to its first listen(2).
  public let calls: Int

  /// - Parameter openSSL: what the program is linked with, as `--version` says it: 3.0.17.
  public init(_ build: Build, openSSL: String) {
    switch build {
    case .dynamic:
      size = 400_000
      calls = 310
    case .static:
      // From 3.2 on OpenSSL has QUIC, code for AVX-512 and more algorithms, and a program cannot leave them out.
      size = openSSL.hasPrefix("3.0.") ? 5_600_000 : 8_430_000
      calls = 180
    case .trimmed:
      size = 4_200_000
      calls = 160
    }
  }
}
