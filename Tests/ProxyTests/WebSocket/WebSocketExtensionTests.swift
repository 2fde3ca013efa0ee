import Testing

@testable import WebSocket

@Suite("WebSocketExtension")
struct WebSocketExtensionTests {
  private static func element(_ name: String, _ parameters: (String, String?)...)
    -> WebSocketExtension
  {
    WebSocketExtension(
      name: name, parameters: parameters.map { WebSocketExtension.Parameter(name: $0, value: $1) })
  }

  @Test(
    "a list is read as RFC 6455 §9.1 writes it",
    arguments: [
      ("", []), (" , ,", []), ("a", [element("a")]), ("a,b", [element("a"), element("b")]),
      (" a ,\tb ", [element("a"), element("b")]), ("a,,b", [element("a"), element("b")]),
      ("a;x", [element("a", ("x", nil))]), ("a; x=1", [element("a", ("x", "1"))]),
      ("a ; x = 1 ; y", [element("a", ("x", "1"), ("y", nil))]),
      ("a;x=\"1\"", [element("a", ("x", "1"))]),
      ("a;x=\"\\1\\0\",b", [element("a", ("x", "10")), element("b")]),
      ("a;x;x=2", [element("a", ("x", nil), ("x", "2"))]),
      ("!#$%&'*+-.^_`|~09azAZ", [element("!#$%&'*+-.^_`|~09azAZ")]),
    ] as [(String, [WebSocketExtension])])
  func reads(text: String, list: [WebSocketExtension]) {
    #expect(WebSocketExtension.parseList(text) == list)
  }

  @Test(
    "what has another form is no list",
    arguments: [
      "a b", ";x", "a;", "a;;x", "a;=1", "a;x=", "a;x=,b", "a=1", "a;x==1", "a;x=1 2", "a;x=\"1",
      "a;x=\"\"", "a;x=\"1 2\"", "a;x=\"1\\\"", "a;x=\"1\"2", "a/b", "a\u{0}", "é", "a;x=(1)",
      "[a]",
      "a;x=\"\\", "{", "@",
    ])
  func refuses(text: String) {
    #expect(WebSocketExtension.parseList(text) == nil)
  }
}
