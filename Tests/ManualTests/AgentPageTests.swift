import Foundation
import Testing

@testable import Agent
@testable import ManualPages

@Suite("localproxy-agent(1)")
struct AgentPageTests {
  @Test("every option has an entry")
  func namesOptions() {
    let text = AgentPage.text.replacing("\\-", with: "-")
    for option in AgentOptions.table.options {
      let names = option.names.joined(separator: ", ")
      #expect(text.contains("\\fB\(names)"), "\(names)")
    }
  }
}
