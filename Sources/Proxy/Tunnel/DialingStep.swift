/// The steps of the way to a WebSocket, and which comes behind which. A failure, a refusal or the WebSocket itself
/// leads from each back to `idle`.
///
///     step                event                  next
///     idle                dialed                 lookingUp
///     idle                dialedFromName         lookingUpLocal
///     lookingUpLocal      nameFound              lookingUp
///     lookingUp           nameFound              connecting
///     connecting          reachedService         openingTLS
///     connecting          reachedWebProxy        askingWebProxy
///     connecting          reachedSecureWebProxy  openingWebProxyTLS
///     openingWebProxyTLS  tlsOpened              askingWebProxy
///     askingWebProxy      agreed                 openingTLS
///     openingTLS          tlsOpened              upgrading
///     upgrading           refusalBegan           readingRefusal
///
///     step                ignores
///     idle                nameFound reachedService reachedWebProxy reachedSecureWebProxy tlsOpened agreed refusalBegan
///     lookingUpLocal      dialed dialedFromName reachedService reachedWebProxy reachedSecureWebProxy tlsOpened agreed
///                         refusalBegan
///     lookingUp           dialed dialedFromName reachedService reachedWebProxy reachedSecureWebProxy tlsOpened agreed
///                         refusalBegan
///     connecting          dialed dialedFromName nameFound tlsOpened agreed refusalBegan
///     openingWebProxyTLS  dialed dialedFromName nameFound reachedService reachedWebProxy reachedSecureWebProxy agreed
///                         refusalBegan
///     askingWebProxy      dialed dialedFromName nameFound reachedService reachedWebProxy reachedSecureWebProxy
///                         tlsOpened refusalBegan
///     openingTLS          dialed dialedFromName nameFound reachedService reachedWebProxy reachedSecureWebProxy agreed
///                         refusalBegan
///     upgrading           dialed dialedFromName nameFound reachedService reachedWebProxy reachedSecureWebProxy
///                         tlsOpened agreed
///     readingRefusal      dialed dialedFromName nameFound reachedService reachedWebProxy reachedSecureWebProxy
///                         tlsOpened agreed refusalBegan
package enum DialingStep: CaseIterable, Sendable {
  case idle
  /// The name to connect from, which the DNS may not know yet when a machine has just started.
  case lookingUpLocal
  case lookingUp, connecting, openingWebProxyTLS, askingWebProxy, openingTLS, upgrading
  /// The answer is a refusal; the words that say why come in a record of their own.
  case readingRefusal

  package enum Event: CaseIterable, Sendable {
    case dialed
    /// There is a name to connect from.
    case dialedFromName
    case nameFound
    case reachedService, reachedWebProxy, reachedSecureWebProxy
    case tlsOpened
    /// The web proxy lets the connection through.
    case agreed
    /// The service's answer is no upgrade, and is not whole yet.
    case refusalBegan
  }

  /// The step that an event leads to; nil where it is ignored.
  package func after(_ event: Event) -> DialingStep? {
    switch event {
    case .dialed: self == .idle ? .lookingUp : nil
    case .dialedFromName: self == .idle ? .lookingUpLocal : nil
    case .nameFound:
      switch self {
      case .lookingUpLocal: .lookingUp
      case .lookingUp: .connecting
      case .idle, .connecting, .openingWebProxyTLS, .askingWebProxy, .openingTLS, .upgrading,
        .readingRefusal:
        nil
      }
    case .reachedService: self == .connecting ? .openingTLS : nil
    case .reachedWebProxy: self == .connecting ? .askingWebProxy : nil
    case .reachedSecureWebProxy: self == .connecting ? .openingWebProxyTLS : nil
    case .tlsOpened:
      switch self {
      case .openingWebProxyTLS: .askingWebProxy
      case .openingTLS: .upgrading
      case .idle, .lookingUpLocal, .lookingUp, .connecting, .askingWebProxy, .upgrading,
        .readingRefusal:
        nil
      }
    case .agreed: self == .askingWebProxy ? .openingTLS : nil
    case .refusalBegan: self == .upgrading ? .readingRefusal : nil
    }
  }
}
