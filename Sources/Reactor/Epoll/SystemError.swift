import Basics
import CEpoll

/// A system call that failed: the system's fault, or that of the address it was given.
public struct SystemError: Error, Equatable {
  /// The errno, positive.
  public let code: Int32
  /// What was being done, as a verb: "connect", "bind".
  public let operation: StaticString

  public init(_ code: Int32, _ operation: StaticString) {
    self.code = code
    self.operation = operation
  }

  /// "Connection refused".
  public var reason: String {
    guard let text = unsafe cepoll_error_text(code) else { return "error " + Int(code).decimal }
    return unsafe String(cString: text)
  }

  /// Nothing on this machine has the address that was to be bound.
  public var isAddressMissing: Bool { code == EADDRNOTAVAIL }
  /// The same, or this machine is without the address's family.
  public var isPlaceMissing: Bool { isAddressMissing || code == EAFNOSUPPORT }
  /// Somebody else has the address.
  public var isAddressTaken: Bool { code == EADDRINUSE }
  /// In a moment: a Unix domain socket's queue of clients is full.
  public var isBusy: Bool { code == EAGAIN }
  /// The user may not do this.
  public var isForbidden: Bool { code == EACCES }
  /// There is nothing of that name.
  public var isMissing: Bool { code == ENOENT }
  /// What to do about a file that cannot be used.
  public func remedy(forFile path: String) -> String {
    path.utf8.first == UInt8(ascii: "~")
      ? "no shell has expanded '~': write the path out"
      : isForbidden ? "give this user the right to, or choose another path" : "correct the path"
  }
  /// What to do about a Unix domain socket that cannot be made; "" when that is not known.
  public var remedyForPath: String {
    switch code {
    case ENOENT: "make its directory"
    case EEXIST: "remove what is there"
    case EACCES, EROFS: "this user may not write to its directory"
    default: ""
    }
  }

  /// What takes bytes has no room for them, although it should.
  public static var noBuffer: SystemError { SystemError(ENOBUFS, "send") }

  public static func == (left: SystemError, right: SystemError) -> Bool { left.code == right.code }

  /// Turns CEpoll's convention (a negated errno) into a value or a throw.
  static func check(_ result: Int32, _ operation: StaticString) throws(SystemError) -> Int32 {
    if result < 0 { throw SystemError(-result, operation) }
    return result
  }
}

extension ReceiveResult {
  /// What a read came to, in CEpoll's convention.
  @inline(__always) init(count: Int) {
    if count > 0 {
      self = .bytes(count)
    } else if count == 0 {
      self = .endOfStream
    } else if count == -Int(EAGAIN) {
      self = .wouldBlock
    } else {
      self = .failed(.system(SystemError(Int32(-count), "receive")))
    }
  }
}

extension SendResult {
  /// What a write came to, in CEpoll's convention.
  @inline(__always) init(count: Int) {
    if count >= 0 {
      self = .accepted(count)
    } else if count == -Int(EAGAIN) {
      self = .wouldBlock
    } else {
      self = .failed(.system(SystemError(Int32(-count), "send")))
    }
  }
}
