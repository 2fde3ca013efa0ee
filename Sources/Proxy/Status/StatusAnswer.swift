import Basics

/// The status server's answers.
public enum StatusAnswer {
  /// What is to be sent for a request; none for one that is not here yet.
  public static func octets(
    _ request: StatusRequest, isHead: Bool, _ facts: StatusFacts
  ) -> [UInt8] {
    if request == .needMore { return [] }
    var place = 2 * (request.rawValue - 1)
    var body: [UInt8]
    switch request {
    case .overview: body = Array(facts.page)
    case .metrics: body = facts.metrics.octets
    case .state: body = facts.json.octets
    default: body = Array(facts.texts[place + 1])
    }
    if request == .health && !facts.isUp {
      place = 16
      body = "%; last error: %\n".with(facts.words, facts.lastError).octets
    }
    let head = StatusText()
    head.fill([Int64(body.count)], [])
    head.add("HTTP/1.1 ")
    head.add(facts.texts[place])
    head.add(facts.texts[18])
    var octets: [UInt8] = []
    for octet in head.octets {
      if octet == .lineFeed { octets.append(.carriageReturn) }
      octets.append(octet)
    }
    return isHead ? octets : octets + body
  }
}
