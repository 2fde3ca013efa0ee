import Foundation
import ManualPages

// Writes what depends on the tables, from the package's folder (`make docs`).
let configuration = try String(contentsOfFile: Manual.configurationPath, encoding: .utf8)
for (path, text) in Manual.files(configuration: configuration) {
  let url = URL(fileURLWithPath: path)
  try FileManager.default.createDirectory(
    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(text.utf8).write(to: url)
  print(path)
}
