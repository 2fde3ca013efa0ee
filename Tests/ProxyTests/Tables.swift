import Foundation
import StateTables

extension TransitionTable {
  /// The machine's table as its source has it now. Tests/ProxyTests/Tables.swift is three levels below the package's
  /// folder.
  init(_ machine: Machine) throws {
    let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(3).joined(separator: "/")
    try self.init(machine, root: root)
  }
}
