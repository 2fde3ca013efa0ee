import Foundation

/// The status server of a proxy, as a client sees it.
struct StatusPages {
  enum Place {
    case port(UInt16)
    case path(String)
  }

  struct Answer {
    let status: Int
    let head: [String]
    let body: String

    func value(_ name: String) -> String? {
      let start = name.lowercased() + ": "
      return head.first { $0.lowercased().hasPrefix(start) }.map {
        String($0.dropFirst(start.count))
      }
    }
  }

  let place: Place

  init(_ place: Place) { self.place = place }

  /// Of a proxy that was started with a free port.
  init(of process: ChildProcess) throws {
    let line = try process.waitForLine(containing: "The status is served on ")
    place = .port(try parsePort(in: line, after: "127.0.0.1:"))
  }

  func connect() throws -> Socket {
    switch place {
    case .port(let port): try Socket(connectingTo: port)
    case .path(let path): try Socket(connectingTo: path)
    }
  }

  /// Sends octets, and takes what comes until the end.
  func exchange(_ text: String) throws -> Answer {
    let socket = try connect()
    try socket.send(text)
    return try Self.answer(over: socket)
  }

  static func answer(over socket: Socket) throws -> Answer {
    let text = try socket.receiveText()
    guard let end = text.range(of: "\r\n\r\n") else { throw Failure("no head in \(text)") }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count > 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
      throw Failure("no status in \(lines[0])")
    }
    return Answer(status: status, head: lines, body: String(text[end.upperBound...]))
  }

  func get(_ path: String, method: String = "GET", host: String = "localhost") throws -> Answer {
    try exchange("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
  }

  /// The metrics by name and labels.
  func metrics() throws -> [String: Double] {
    var metrics: [String: Double] = [:]
    for line in try get("/metrics").body.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[space...].dropFirst())
      else { throw Failure("no metric: \(line)") }
      metrics[String(line[..<space])] = value
    }
    return metrics
  }

  func state() throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(try get("/state.json").body.utf8))
    guard let state = object as? [String: Any] else { throw Failure("no object in state.json") }
    return state
  }
}
