import Basics
import Tunnel

/// The status server's answers.
public enum StatusAnswer {
  /// A page may load nothing but the state from here, and run no script but its own.
  private static let head = """
    HTTP/1.1 %\r
    Content-Type: %; charset=utf-8\r
    Cache-Control: no-store\r
    X-Content-Type-Options: nosniff\r
    Content-Security-Policy: default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; script-src '%'\r
    Connection: close\r
    Content-Length:
    """

  /// What is to be sent for a request; none for one that is not here yet.
  public static func octets(
    _ request: StatusRequest, isHead: Bool, _ facts: StatusFacts
  ) -> [UInt8] {
    var status = "200 OK"
    var type = "text/plain"
    let body = StatusText()
    switch request {
    case .needMore: return []
    case .overview:
      status += "\r\nContent-Encoding: gzip"
      type = "text/html"
      body.add(StatusPage.octets[...])
    case .metrics:
      type += "; version=0.0.4"
      body.addMetrics(facts)
    case .health:
      if facts.isUp {
        body.add("ok\n")
      } else {
        status = "503 Service Unavailable"
        body.add("%; last error: %\n".with(facts.report.words, facts.lastError))
      }
    case .state:
      type = "application/json"
      body.addJSON(facts)
    case .malformed:
      status = "400 Bad Request"
      body.add("this takes 'GET /path HTTP/1.1' with one Host, in 8192 bytes\n")
    case .foreign:
      status = "403 Forbidden"
      body.add(
        "this name is not served; use localhost, an address, or the name given with --status\n")
    case .otherMethod:
      status = "405 Method Not Allowed\r\nAllow: GET, HEAD"
      body.add("only GET and HEAD are served\n")
    case .missing:
      status = "404 Not Found"
      body.add("there are /, /metrics, /healthz and /state.json\n")
    }
    let answer = StatusText()
    answer.add(head.with(status, type, StatusPage.scriptHash))
    answer.add(" ", Int64(body.octets.count))
    answer.add("\r\n\r\n")
    if !isHead { answer.add(body.octets[...]) }
    return answer.octets
  }
}
