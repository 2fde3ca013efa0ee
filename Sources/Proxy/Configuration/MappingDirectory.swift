import Basics
import Reactor
import Tunnel

/// The mappings in the files of a `--config-dir`, for services that the command line does not map.
struct MappingDirectory {
  /// Directories below the given one, at the most; deeper ones are left out.
  static let depthMax = 8
  /// Files and directories in one directory, at the most.
  static let entryCountMax = 1_024
  /// All together, at the most: files, directories, bytes of the files, mappings.
  static let fileCountMax = 1_024
  static let directoryCountMax = 256
  static let byteCountMax = 4 * 1024 * 1024
  static let mappingCountMax = 4_096

  let role: TunnelRole
  private(set) var mappings: [Mapping] = []
  /// The first files, as a message lists them: their paths, or what is wrong in them.
  private(set) var fileList = "no file"
  /// With more files the list ends in dots.
  static let listedFileCountMax = 7
  private var listedCount = 0
  private var services = OctetIndex()
  private var fileCount = 0
  private var directoryCount = 0
  private var byteCount = 0

  init(role: TunnelRole) { self.role = role }

  /// Reads every file below `path`, in the order of their names. The first mapping of a service counts. A file
  /// with a mistake in it is left out whole, with a warning.
  mutating func read(_ path: String, depth: Int = 0, warnings: inout Warnings) {
    let entries: [File.Entry]
    do throws(SystemError) {
      entries = try File.entries(of: path, countMax: Self.entryCountMax)
    } catch {
      warnings.add("% is left out: %".with(path, error.reason))
      return
    }
    for entry in entries {
      let path = "%/%".with(path, entry.name)
      if !entry.isText {
        warnings.add(path + " is left out: its name is not UTF-8")
      } else if entry.isDirectory {
        if depth == Self.depthMax {
          warnings.add(
            "% is left out: it lies deeper than % directories".with(path, Self.depthMax.decimal))
        } else if directoryCount == Self.directoryCountMax {
          warnings.add(
            "% is left out: there are more than % directories".with(
              path, Self.directoryCountMax.decimal))
        } else {
          directoryCount += 1
          read(path, depth: depth + 1, warnings: &warnings)
        }
      } else if fileCount < Self.fileCountMax {
        fileCount += 1
        readFile(path, &warnings)
      } else {
        warnings.add(
          "% is left out: there are more than % files".with(path, Self.fileCountMax.decimal))
      }
    }
    if entries.count == Self.entryCountMax {
      warnings.add("%: what is beyond % files is left out".with(path, Self.entryCountMax.decimal))
    }
  }

  private mutating func readFile(_ path: String, _ warnings: inout Warnings) {
    do throws(UsageError) {
      let mappings = try parseFile(path)
      list(path)
      for mapping in mappings {
        let service = mapping.serviceID?.octets ?? []
        if services[service] != nil { continue }
        if self.mappings.count == Self.mappingCountMax {
          warnings.add(
            "%: what is beyond % mappings in all files is left out".with(
              path, Self.mappingCountMax.decimal))
          return
        }
        services.insert(service, self.mappings.count)
        self.mappings.append(mapping)
      }
    } catch {
      list(error.message)
      for message in error.all { warnings.add(message + "; the file is left out") }
    }
  }

  private mutating func list(_ outcome: String) {
    listedCount += 1
    if listedCount == 1 {
      fileList = outcome
    } else if listedCount <= Self.listedFileCountMax + 1 {
      fileList = "%, %".with(fileList, listedCount > Self.listedFileCountMax ? "…" : outcome)
    }
  }

  private mutating func parseFile(_ path: String) throws(UsageError) -> [Mapping] {
    let content = try File.read(path, of: "the file")
    byteCount += content.bytes.count
    if byteCount > Self.byteCountMax {
      byteCount = Self.byteCountMax
      throw UsageError(
        "%: the files have more than % bytes in all", with: path, Self.byteCountMax.decimal)
    }
    var lines = KeyValueLines(name: path, hashEndsLine: false)
    var mappings: [Mapping] = []
    var mistakes = Mistakes()
    while let line = lines.next(in: content.bytes.span, &mistakes) {
      do throws(UsageError) {
        let mapping = try Mapping.pair(
          service: line.key.octets[...], address: line.value.octets[...], role: role)
        if mapping.address.isStandard {
          throw UsageError("standard input and output are for -s alone; leave the line out")
        }
        mappings.append(mapping)
      } catch {
        mistakes.add(lines.fault(error.message))
      }
    }
    try mistakes.end()
    return mappings
  }
}
