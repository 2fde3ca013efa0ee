import Foundation

/// A headless Chromium, driven by its debugging protocol over two pipes (--remote-debugging-pipe).
final class Chromium {
  static let path: String? = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  private let process: ChildProcess
  private let input: FileHandle
  private let output: FileHandle
  private var received: [UInt8] = []
  private var lastID = 0
  private var session: String?
  /// What pages wrote to their console or broke of their policies.
  private(set) var complaints: [String] = []

  init(in scratch: ScratchDirectory) throws {
    guard let path = Self.path else { throw Failure("there is no chromium") }
    let (toBrowser, fromBrowser) = (Pipe(), Pipe())
    process = try ChildProcess(
      path,
      [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--hide-scrollbars", "--window-size=900,980", "--no-first-run", "--disable-extensions",
        "--disable-background-networking", "--user-data-dir=\(scratch.file("chromium"))",
        "--remote-debugging-pipe", "about:blank",
      ], name: "chromium", in: scratch,
      environment: ["HOME": scratch.path, "XDG_RUNTIME_DIR": scratch.path],
      passed: [
        toBrowser.fileHandleForReading.fileDescriptor,
        fromBrowser.fileHandleForWriting.fileDescriptor,
      ])
    input = toBrowser.fileHandleForWriting
    output = fromBrowser.fileHandleForReading
    try toBrowser.fileHandleForReading.close()
    try fromBrowser.fileHandleForWriting.close()
    let target = try call("Target.createTarget", ["url": "about:blank"])
    let id = target["targetId"] as? String ?? ""
    session =
      try call("Target.attachToTarget", ["targetId": id, "flatten": true])["sessionId"] as? String
    for domain in ["Page", "Runtime", "Log"] { _ = try call("\(domain).enable") }
  }

  /// Calls a method and waits for its result; events that come meanwhile are looked through.
  @discardableResult
  func call(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
    lastID += 1
    var message: [String: Any] = ["id": lastID, "method": method, "params": parameters]
    if let session { message["sessionId"] = session }
    try input.write(contentsOf: JSONSerialization.data(withJSONObject: message) + Data([0]))
    let deadline = Deadline(seconds: 60)
    while !deadline.hasPassed {
      guard let answer = try next(deadline) else { continue }
      if answer["id"] as? Int == lastID {
        if let error = answer["error"] { throw Failure("\(method): \(error)") }
        return answer["result"] as? [String: Any] ?? [:]
      }
      note(answer)
    }
    throw Failure("chromium does not answer \(method)\n\(process.tail)")
  }

  private func next(_ deadline: Deadline) throws -> [String: Any]? {
    while true {
      if let end = received.firstIndex(of: 0) {
        let data = Data(received[..<end])
        received.removeSubrange(...end)
        return try JSONSerialization.jsonObject(with: data) as? [String: Any]
      }
      var entry = pollfd(descriptor: output.fileDescriptor, events: Int16(POLLIN))
      guard poll(&entry, 1, deadline.millisecondsLeft) == 1 else { return nil }
      var buffer = [UInt8](repeating: 0, count: 65_536)
      let count = read(output.fileDescriptor, &buffer, buffer.count)
      guard count > 0 else { throw Failure("chromium has ended\n\(process.tail)") }
      received += buffer[..<count]
    }
  }

  private func note(_ event: [String: Any]) {
    let method = event["method"] as? String ?? ""
    if ["Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"].contains(method) {
      complaints.append("\(event["params"] ?? "")")
    }
  }

  /// The value of an expression in the page, as text.
  func evaluate(_ expression: String) throws -> String {
    let result = try call(
      "Runtime.evaluate", ["expression": "String(\(expression))", "returnByValue": true])
    return (result["result"] as? [String: Any])?["value"] as? String ?? ""
  }

  func screenshot(to path: String, isDark: Bool) throws {
    let scheme = ["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]
    try call("Emulation.setEmulatedMedia", ["features": [scheme]])
    let data = try call("Page.captureScreenshot", ["format": "png"])["data"] as? String ?? ""
    guard let image = Data(base64Encoded: data) else { throw Failure("no image") }
    try image.write(to: URL(fileURLWithPath: path))
  }
}
