@testable import Reactor

/// Whether this machine has ::1.
let hasIPv6: Bool = {
  guard let reactor = try? Reactor(), let acceptor = try? Acceptor(reactor, host: "::1") else {
    return false
  }
  acceptor.close()
  return true
}()
