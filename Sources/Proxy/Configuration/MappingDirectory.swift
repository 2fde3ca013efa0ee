import Basics
import Reactor

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
      warnings.add("\(path) is left out: \(error.reason)")
      return
    }
    for entry in entries {
      let path = "\(path)/\(entry.name)"
      if !entry.isText {
        warnings.add("\(path) is left out: its name is not UTF-8")
      } else if entry.isDirectory {
        if depth == Self.depthMax {
          warnings.add("\(path) is left out: it lies deeper than \(Self.depthMax) directories")
        } else if directoryCount == Self.directoryCountMax {
          warnings.add(
            "\(path) is left out: there are more than \(Self.directoryCountMax) directories")
        } else {
          directoryCount += 1
          read(path, depth: depth + 1, warnings: &warnings)
        }
      } else if fileCount < Self.fileCountMax {
        fileCount += 1
        readFile(path, &warnings)
      } else {
        warnings.add("\(path) is left out: there are more than \(Self.fileCountMax) files")
      }
    }
    if entries.count == Self.entryCountMax {
      warnings.add("\(path): what is beyond \(Self.entryCountMax) files is left out")
    }
  }

  private mutating func readFile(_ path: String, _ warnings: inout Warnings) {
    do throws(UsageError) {
      for mapping in try parseFile(path) {
        let service = mapping.serviceID?.octets ?? []
        if services[service] != nil { continue }
        if mappings.count == Self.mappingCountMax {
          warnings.add(
            "\(path): what is beyond \(Self.mappingCountMax) mappings in all files is left out")
          return
        }
        services.insert(service, mappings.count)
        mappings.append(mapping)
      }
    } catch {
      warnings.add("\(error.message); the file is left out")
    }
  }

  private mutating func parseFile(_ path: String) throws(UsageError) -> [Mapping] {
    let content: File.Content
    do throws(SystemError) {
      content = try File.read(path, byteCountMax: OptionValues.fileByteCountMax)
    } catch {
      throw UsageError("\(path) cannot be read: \(error.reason)")
    }
    byteCount += content.bytes.count
    if byteCount > Self.byteCountMax {
      byteCount = Self.byteCountMax
      throw UsageError("\(path): the files have more than \(Self.byteCountMax) bytes in all")
    }
    var lines = KeyValueLines(name: path, hashEndsLine: false)
    var mappings: [Mapping] = []
    while let line = try lines.next(in: content.bytes.span) {
      do throws(UsageError) {
        mappings.append(
          try Mapping.pair(
            service: line.key.octets[...], address: line.value.octets[...], role: role))
      } catch {
        throw lines.fault(error.message)
      }
    }
    return mappings
  }
}
