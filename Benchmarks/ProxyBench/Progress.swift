import Foundation

/// What goes on, on standard error, so that standard output holds results alone.
enum Progress {
  static func say(_ text: String) {
    FileHandle.standardError.write(Data("ProxyBench: \(text)\n".utf8))
  }
}
