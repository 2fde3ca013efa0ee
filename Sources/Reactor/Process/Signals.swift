import CEpoll

/// The signals that the programs act on.
public enum Signal {
  case terminate, interrupt
  /// - Parameter endsTerminal: it tells that the terminal which the program's log goes to is closed.
  case hangUp(endsTerminal: Bool)
  case user1

  public var name: String {
    switch self {
    case .terminate: "SIGTERM"
    case .interrupt: "SIGINT"
    case .hangUp: "SIGHUP"
    case .user1: "SIGUSR1"
    }
  }

  public var number: Int32 {
    switch self {
    case .terminate: SIGTERM
    case .interrupt: SIGINT
    case .hangUp: SIGHUP
    case .user1: SIGUSR1
    }
  }
}

/// Whoever acts on signals.
public protocol SignalHandler: AnyObject {
  func received(_ signal: Signal)
}

/// Signals as readable events of the loop (signalfd), so that no code ever runs in a signal handler.
public final class Signals: EventHandler {
  private let descriptor: FileDescriptor
  private let handler: any SignalHandler
  /// Found out at the start: a closed terminal is none any more.
  private let endsWithTerminal = cepoll_ends_with_terminal() != 0

  /// Blocks the signals for the process and starts to report them.
  public init(reactor: Reactor, handler: any SignalHandler) throws(SystemError) {
    let raw = try SystemError.check(cepoll_signals(), "signalfd")
    descriptor = FileDescriptor(raw)
    self.handler = handler
    _ = try reactor.register(raw, interest: .readable, self)
  }

  func handle(_ readiness: Readiness) {
    while true {
      switch cepoll_read_signal(descriptor.raw) {
      case SIGTERM: handler.received(.terminate)
      case SIGINT: handler.received(.interrupt)
      case SIGHUP: handler.received(.hangUp(endsTerminal: endsWithTerminal))
      case SIGUSR1: handler.received(.user1)
      default: return
      }
    }
  }
}
