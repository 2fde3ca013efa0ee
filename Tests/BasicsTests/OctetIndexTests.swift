import Basics
import Testing

@Suite("Octet index")
struct OctetIndexTests {
  @Test("a name keeps its first number, and others have none")
  func findsNames() {
    var index = OctetIndex()
    #expect(index[[]] == nil)
    let names = [""] + (0..<20_000).map { "name-\($0)" }
    let added = names.enumerated().count { index.insert($1.octets, $0) }
    let addedAgain = names.count { index.insert($0.octets, -1) }
    #expect(added == names.count && addedAgain == 0)
    let found = names.enumerated().count { index[$1.octets] == $0 }
    #expect(found == names.count)
    #expect(index["name-20000".octets] == nil && index["name".octets] == nil)
  }
}
