import Foundation
import Testing

@testable import Reactor

/// Seconds until the kernel asks whether the peer of a loopback connection of IPv4 is still there, or nil when it is not
/// going to (proc_pid_net(5): the timer 02 of /proc/net/tcp).
func keepaliveWait(from local: UInt16, to remote: UInt16) throws -> Double? {
  let ends = [local, remote].map { ":" + String($0, radix: 16, uppercase: true) }
  // While others come and go, one reading of the table may miss a connection.
  for _ in 0..<100 {
    guard let file = FileHandle(forReadingAtPath: "/proc/net/tcp") else { break }
    // To its end: the kernel gives it page by page.
    let table = String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
    for line in table.split(separator: "\n") {
      let fields = line.split(separator: " ").map(String.init)
      guard fields.count > 5, fields[1].hasSuffix(ends[0]), fields[2].hasSuffix(ends[1]) else {
        continue
      }
      let timer = fields[5].split(separator: ":")
      guard timer.count == 2, timer[0] == "02" else { return nil }
      return Int(timer[1], radix: 16).map { Double($0) / 100 }
    }
  }
  throw Missing()
}

private struct Missing: Error {}

/// Whether this machine has ::1.
let hasIPv6: Bool = {
  guard let reactor = try? Reactor(), let acceptor = try? Acceptor(reactor, host: "::1") else {
    return false
  }
  acceptor.close()
  return true
}()
