import Basics
import Reactor

extension File {
  /// Reads a file that the user names: `path` is an option's value, or "-" for standard input.
  /// - Parameter label: what names it, for messages.
  static func read(
    _ path: String, of label: String, firstLineOnly: Bool = false
  ) throws(UsageError) -> Content {
    do throws(SystemError) {
      return try read(
        firstLineOnly && path.isSame(as: "-") ? nil : path,
        byteCountMax: OptionValues.fileByteCountMax, firstLineOnly: firstLineOnly)
    } catch {
      throw UsageError(
        "% cannot be read: %; %", with: "% '%'".with(label, path.excerpt), error.reason,
        error.remedy(forFile: path))
    }
  }
}
