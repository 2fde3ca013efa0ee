import Foundation

/// Runs `body` on `count` threads at once and waits for all of them. Throws the first failure.
func concurrently(
  _ count: Int, within seconds: Double = 90, _ body: @escaping @Sendable (Int) throws -> Void
) throws {
  let results = Results()
  for index in 0..<count {
    let thread = Thread { results.add(Result { try body(index) }, of: index) }
    thread.stackSize = 512 << 10
    thread.start()
  }
  try eventually(within: seconds, "the end of \(count) threads") {
    results.count == count
  }
  if let failure = results.failures.first {
    throw Failure("\(results.failures.count) of \(count) failed, the first: \(failure)")
  }
}

/// Runs `body` on a thread of its own while the caller goes on; `wait` gives its result.
final class Background<Value: Sendable>: Sendable {
  private let results = Results()
  private let value = Locked<Value?>(nil)

  init(_ body: @escaping @Sendable () throws -> Value) {
    let thread = Thread { [self] in
      results.add(Result { value.set(try body()) }, of: 0)
    }
    thread.start()
  }

  func wait(within seconds: Double = 60) throws -> Value {
    try eventually(within: seconds, "a background thread") { results.count == 1 }
    if let failure = results.failures.first { throw Failure(failure) }
    return value.get()!
  }
}

/// A value that several threads read and set.
final class Locked<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  func get() -> Value { lock.withLock { value } }
  func set(_ value: Value) { lock.withLock { self.value = value } }
}

private final class Results: @unchecked Sendable {
  private let lock = NSLock()
  private var finished = 0
  private var failureTexts: [String] = []

  var count: Int { lock.withLock { finished } }
  var failures: [String] { lock.withLock { failureTexts } }

  func add(_ result: Result<Void, any Error>, of index: Int) {
    lock.withLock {
      finished += 1
      if case .failure(let error) = result { failureTexts.append("#\(index): \(error)") }
    }
  }
}
