import Foundation
import Glibc

/// Where and when: the header of every report.
struct Machine: Encodable {
  let cpu: String
  let cores: Int
  let kernel: String
  let openssl: String
  /// Over the minute before the bench: a machine with other work measures that work too.
  let loadAverage: Double
  let date: String

  /// As the names of targets have it.
  static let architecture: String = {
    var names = utsname()
    uname(&names)
    return withUnsafeBytes(of: &names.machine) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }()

  /// One line of all of it.
  var text: String { "\(date); \(cpu), \(cores) cores, Linux \(kernel); \(openssl)" }

  /// - Parameter floor: the program that is asked for its OpenSSL; nil where none is of interest.
  init(floor: String?) {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let lines = text.split(separator: "\n")
    let model = lines.first { $0.hasPrefix("model name") || $0.hasPrefix("Model") }
    let name = model?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
    cpu = name ?? "unknown CPU"
    cores = ProcessInfo.processInfo.activeProcessorCount
    var names = utsname()
    uname(&names)
    kernel = withUnsafeBytes(of: &names.release) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let version = floor.map { Programs.firstLine(of: $0, ["version"]) ?? "unknown OpenSSL" }
    openssl = version ?? "without OpenSSL"
    var loads = [0.0]
    loadAverage = getloadavg(&loads, 1) == 1 ? loads[0] : 0
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime]
    date = formatter.string(from: Date())
  }
}
