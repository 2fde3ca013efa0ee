import Foundation

/// How often a program called what costs: allocations and system calls, counted by Tests/CallCounter, which is loaded
/// into it.
struct CallCounts: CustomStringConvertible {
  /// The numbers' places in the file, as in CallCounter.h.
  enum Call: Int, CaseIterable {
    case ownAllocation, largeAllocation, libraryAllocation, free
    case receive, send, read, write, epollWait, epollControl, other

    /// All but those that are about memory.
    var isSystemCall: Bool { rawValue >= Call.receive.rawValue }
  }

  private let numbers: [Int]

  subscript(call: Call) -> Int { numbers[call.rawValue] }

  var systemCalls: Int {
    Call.allCases.filter(\.isSystemCall).reduce(0) { $0 + self[$1] }
  }

  var description: String {
    Call.allCases.map { "\($0) \(self[$0])" }.joined(separator: ", ")
  }

  static func - (after: CallCounts, before: CallCounts) -> CallCounts {
    CallCounts(numbers: zip(after.numbers, before.numbers).map { $0 - $1 })
  }

  private init(numbers: [Int]) { self.numbers = numbers }

  fileprivate init(file: String) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    numbers = bytes.withUnsafeBytes { bytes in
      Call.allCases.map {
        Int(bytes.loadUnaligned(fromByteOffset: $0.rawValue * 8, as: UInt64.self))
      }
    }
  }
}

/// A program's counts while it runs.
struct CallCounter {
  private let library: String
  private let file: String

  /// Compiles the library into the test's directory, with the toolchain's own compiler.
  init(name: String, in scratch: ScratchDirectory) throws {
    library = scratch.file("CallCounter.so")
    file = scratch.file("\(name).counts")
    let size = CallCounts.Call.allCases.count * MemoryLayout<UInt64>.size
    try Data(count: size).write(to: URL(fileURLWithPath: file))
    if FileManager.default.fileExists(atPath: library) { return }
    let source = Linkage.packageRoot + "/Tests/CallCounter"
    let compiler = try ChildProcess(
      "clang",
      ["-O2", "-shared", "-fPIC", "-o", library, "\(source)/CallCounter.c"],
      name: "clang", in: scratch)
    guard try compiler.waitForExit(within: 60) == .status(0) else {
      throw Failure("CallCounter.c does not compile\n\(compiler.tail)")
    }
  }

  /// What the program is started with.
  var environment: [String: String] { ["LD_PRELOAD": library, "CALL_COUNTER_FILE": file] }

  func counts() throws -> CallCounts { try CallCounts(file: file) }
}
