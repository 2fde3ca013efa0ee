import Foundation
import ManualPages

// Writes what depends on the tables, from the package's folder (`make docs`).
for (path, text) in try Manual.files(root: ".") {
  let url = URL(fileURLWithPath: path)
  try FileManager.default.createDirectory(
    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(text.utf8).write(to: url)
  print(path)
}
