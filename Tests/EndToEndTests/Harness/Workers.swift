import Foundation

/// Runs `body` on a thread of its own while the caller goes on; `wait` gives its result.
final class Background<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var result: Result<Value, any Error>?

  init(_ body: @escaping @Sendable () throws -> Value) {
    let thread = Thread { [self] in
      let result = Result { try body() }
      lock.withLock { self.result = result }
    }
    // Tests start a hundred of them, none of which goes deep.
    thread.stackSize = 512 << 10
    thread.start()
  }

  @discardableResult
  func wait(within seconds: Double = 90) throws -> Value {
    try eventually(within: seconds, "a background thread") { lock.withLock { result } }.get()
  }
}

/// A value that one thread sets and another reads.
final class Locked<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  func get() -> Value { lock.withLock { value } }
  func set(_ value: Value) { lock.withLock { self.value = value } }
}

/// A sum that several threads add to.
final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var sum = 0

  var value: Int { lock.withLock { sum } }
  func add(_ count: Int) { lock.withLock { sum += count } }
}

/// Runs `body` on `count` threads at once and waits for all of them.
func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
  let threads = (0..<count).map { index in Background { try body(index) } }
  var failures: [String] = []
  for (index, thread) in threads.enumerated() {
    do { try thread.wait() } catch { failures.append("#\(index): \(error)") }
  }
  if let first = failures.first {
    throw Failure("\(failures.count) of \(count) failed, the first: \(first)")
  }
}
