import Basics
import CJansson

/// What the service tells a device of a tunnel that was opened to it, or of a new token for one: a message on
/// `$aws/things/THING/tunnels/notify`. It names no tunnel and has no time.
///
///     {"clientAccessToken": "…", "clientMode": "destination", "region": "us-east-1", "services": ["SSH"]}
///
/// `services` may be missing, as in messages of a tunnel that was opened without. Other keys say nothing.
public struct Notification: Sendable {
  public let token: [UInt8]
  public let region: String
  /// None for a tunnel without names for its services.
  public let services: [String]

  /// Of a line. The service's messages are below 4 KiB.
  public static let byteCountMax = 16_384
  /// As localproxy takes it.
  public static let tokenByteCountMax = 3_072
  /// The service has 10 at the most for a tunnel.
  public static let serviceCountMax = 32
  public static let regionByteCountMax = 64

  package init(token: [UInt8], region: String, services: [String]) {
    self.token = token
    self.region = region
    self.services = services
  }

  /// Reads a line. jansson stops at 2,048 levels, at a zero and at a key that is there twice.
  public static func parse(_ line: [UInt8]) throws(NotificationFault) -> Notification {
    if line.count > byteCountMax { throw .tooLong }
    // Its memory is overwritten as it is freed, like the program's own.
    unsafe json_set_alloc_funcs({ unsafe malloc($0) }, { unsafe free($0) })
    var error = json_error_t()
    let root = unsafe line.withUnsafeBytes { bytes in
      unsafe json_loadb(bytes.baseAddress, bytes.count, Int(JSON_REJECT_DUPLICATES), &error)
    }
    guard let root = unsafe root else { throw .notJSON }
    defer { unsafe json_delete(root) }
    if unsafe root.pointee.type != JSON_OBJECT { throw .notAnObject }

    let mode = try unsafe text(root, .clientMode)
    if !mode.isSame(as: "destination") {
      throw mode.isSame(as: "source") ? .forSource : .unknownMode
    }
    let region = try unsafe text(root, .region)
    if !isRegion(region) { throw .badRegion }
    let token = try unsafe text(root, .clientAccessToken).octets
    if !isToken(token) { throw .badToken }
    return Notification(token: token, region: region, services: try unsafe services(root))
  }

  private static func text(
    _ root: UnsafeMutablePointer<json_t>, _ key: NotificationKey
  ) throws(NotificationFault) -> String {
    guard let value = unsafe json_object_get(root, key.name) else { throw .missing(key) }
    guard unsafe value.pointee.type == JSON_STRING, let text = unsafe json_string_value(value)
    else { throw .wrongType(key) }
    return unsafe String(cString: text)
  }

  private static func services(
    _ root: UnsafeMutablePointer<json_t>
  ) throws(NotificationFault) -> [String] {
    guard let list = unsafe json_object_get(root, NotificationKey.services.name) else { return [] }
    if unsafe list.pointee.type == JSON_NULL { return [] }
    if unsafe list.pointee.type != JSON_ARRAY { throw .wrongType(.services) }
    let count = unsafe json_array_size(list)
    if count > serviceCountMax { throw .tooManyServices }
    var services: [String] = []
    for index in 0..<count {
      guard let value = unsafe json_array_get(list, index),
        unsafe value.pointee.type == JSON_STRING,
        let text = unsafe json_string_value(value)
      else { throw .wrongType(.services) }
      let name = unsafe String(cString: text)
      if services.hasSame(name) { throw .serviceTwice }
      services.append(name)
    }
    return services
  }

  /// It becomes part of a name in DNS.
  private static func isRegion(_ text: String) -> Bool {
    (1...regionByteCountMax).contains(text.utf8.count)
      && text.consists { $0.isLowercaseLetter || $0.isDigit || $0 == .hyphen }
      && text.utf8.first != .hyphen
  }

  /// One line of characters that are seen: it is handed to localproxy as the first line of a pipe.
  private static func isToken(_ octets: [UInt8]) -> Bool {
    (1...tokenByteCountMax).contains(octets.count)
      && octets.allSatisfy { $0 > .space && $0 < 0x7f }
  }
}

/// The keys that are looked at.
public enum NotificationKey: Sendable {
  case clientAccessToken, clientMode, region, services

  public var name: String {
    switch self {
    case .clientAccessToken: "clientAccessToken"
    case .clientMode: "clientMode"
    case .region: "region"
    case .services: "services"
    }
  }
}

/// Why a line is dropped. No text repeats anything of it: it may be a token.
public enum NotificationFault: Error {
  case tooLong, notJSON, notAnObject
  case missing(NotificationKey)
  case wrongType(NotificationKey)
  case forSource, unknownMode, badRegion, badToken, tooManyServices, serviceTwice

  public var reason: String {
    switch self {
    case .tooLong:
      "it has more than % bytes".with(Notification.byteCountMax.decimal)
    case .notJSON: "it is not JSON"
    case .notAnObject: "it is not an object of JSON"
    case .missing(let key): "it has no " + key.name
    case .wrongType(.services): "its services are no list of names"
    case .wrongType(let key): "its % is no text".with(key.name)
    case .forSource: "it is for a source, and this is for destinations"
    case .unknownMode: "its clientMode is not destination"
    case .badRegion: "its region is none, such as us-east-1"
    case .badToken: "its clientAccessToken is none"
    case .tooManyServices:
      "it has more than % services".with(Notification.serviceCountMax.decimal)
    case .serviceTwice: "it has a service twice"
    }
  }
}
