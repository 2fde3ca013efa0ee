import Foundation
import Testing

@testable import ManualPages
@testable import TunnelService

@Suite("tunneld(1)")
struct TunneldPageTests {
  @Test("every option has an entry")
  func namesOptions() {
    let text = TunneldPage.text.replacing("\\-", with: "-")
    for option in DaemonOptions.table.options {
      let names = option.names.joined(separator: ", ")
      #expect(text.contains("\\fB\(names)"), "\(names)")
    }
  }

  @Test("the commands are those that help shows")
  func namesCommands() {
    let shown = Console.help.map { line in
      line.components(separatedBy: "  ").filter { !$0.isEmpty }.first ?? ""
    }
    #expect(shown == TunneldPage.commands.map(\.0))
  }
}
