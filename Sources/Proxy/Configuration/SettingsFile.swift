import Basics
import CJansson
import Reactor

/// Settings in JSON: reading a `--settings-json` file over the defaults, and writing the defaults.
///
/// Of jansson only functions of the library are called, not those that its header defines (json_decref and
/// others): one of them makes the compiler write unwind tables for the whole program, 55 kB. json_delete frees
/// a value that nobody else holds.
@safe struct SettingsFile {
  private let path: String
  private(set) var settings = Settings()
  private(set) var warnings: Warnings

  /// Reads a file; settings that are not in it keep their defaults.
  init(_ path: String, warnings: Warnings) throws(UsageError) {
    self.path = path
    self.warnings = warnings
    let content = try File.read(path, of: "--settings-json")
    var error = json_error_t()
    // Without memory it would blame the file.
    unsafe json_set_alloc_funcs({ unsafe Process.allocate($0) }, { unsafe free($0) })
    let root = unsafe content.bytes.withUnsafeBytes { bytes in
      unsafe json_loadb(bytes.baseAddress, bytes.count, Int(JSON_REJECT_DUPLICATES), &error)
    }
    guard let root = unsafe root else {
      let reason = unsafe withUnsafeBytes(of: &error.text) { text in
        unsafe text.bindMemory(to: CChar.self).baseAddress.map { unsafe String(cString: $0) } ?? ""
      }
      throw UsageError(
        "%, line %: %", with: path,
        "%, column %".with(Int(error.line).decimal, Int(error.column).decimal), reason)
    }
    defer { unsafe json_delete(root) }
    if unsafe root.pointee.type != JSON_OBJECT {
      throw UsageError(path + " has no object in it; it is {…}")
    }
    try unsafe read(root, in: "")
  }

  private static let overridesPrefix = "tunneling.proxy.region_endpoint_overrides."

  /// Goes through an object; `prefix` is the keys of those around it. There are no more levels than the
  /// table's keys have, for a key that leads nowhere is not followed.
  private mutating func read(
    _ object: UnsafeMutablePointer<json_t>, in prefix: String
  ) throws(UsageError) {
    var iterator = unsafe json_object_iter(object)
    while let entry = unsafe iterator {
      let name = unsafe String(cString: json_object_iter_key(entry))
      guard let value = unsafe json_object_iter_value(entry) else { return }
      let key = prefix + name
      if prefix.isSame(as: Self.overridesPrefix) {
        if !Settings.isRegion(name) {
          throw UsageError(
            "%: tunneling.proxy.region_endpoint_overrides: '%' is not a region, such as us-east-1",
            with: path, name.excerpt)
        }
        let isString = unsafe value.pointee.type == JSON_STRING
        if unsafe !isString || !settings.setEndpoint(region: name, Self.text(value)) {
          throw unsafe fault(
            key, value,
            "HOST[:PORT], in % regions at the most".with(Settings.regionEndpointCountMax.decimal))
        }
      } else if let setting = setting(key) {
        var isRight = unsafe settings.set(setting, Self.text(value))
        // A number is no name of a host.
        if case .host = setting.kind, unsafe value.pointee.type != JSON_STRING { isRight = false }
        if !isRight {
          throw unsafe fault(key, value, setting.kind.range)
        }
      } else if leadsToSettings(key) {
        if unsafe value.pointee.type != JSON_OBJECT { throw unsafe fault(key, value, "an object") }
        try unsafe read(value, in: key + ".")
      } else {
        warnings.add(
          "%: there is no setting %; --export-default-settings writes all that there are".with(
            path, key.excerpt))
      }
      unsafe iterator = json_object_iter_next(object, entry)
    }
  }

  private func setting(_ key: String) -> Setting? {
    Setting.allCases.first { (Setting.keyPrefix + $0.key).isSame(as: key) && !$0.isObject }
  }

  private func leadsToSettings(_ key: String) -> Bool {
    let start = (key + ".").octets
    return Setting.allCases.contains {
      "%%.".with(Setting.keyPrefix, $0.key).octets.starts(with: start)
    }
  }

  private func fault(
    _ key: String, _ value: UnsafeMutablePointer<json_t>, _ range: String
  ) -> UsageError {
    let text = unsafe Self.text(value)?.quoted ?? "its value"
    return UsageError("%: %: %", with: path, key.excerpt, "% is not %".with(text, range))
  }

  /// Of a string, a whole number or a boolean.
  private static func text(_ value: UnsafeMutablePointer<json_t>) -> String? {
    switch unsafe value.pointee.type {
    case JSON_STRING: unsafe String(cString: json_string_value(value))
    case JSON_INTEGER: unsafe Int64(json_integer_value(value)).decimal
    case JSON_TRUE: "true"
    case JSON_FALSE: "false"
    default: nil
    }
  }

  // MARK: Writing

  /// Writes the defaults. What somebody else has written is replaced only if that is asked for.
  static func export(to file: OptionValue, replaces: Bool) throws(UsageError) {
    let text = exported()
    if !replaces && Process.isWritten(file.text) {
      let content = try? File.read(file.text, byteCountMax: OptionValues.fileByteCountMax)
      if content?.bytes != text {
        throw file.fault(
          "is there already, with something else in it; choose another name, or --force")
      }
    }
    do throws(SystemError) {
      try File.write(file.text, text)
    } catch {
      throw file.fault(
        "cannot be written: %; %".with(error.reason, error.remedy(forFile: file.text)))
    }
  }

  /// The defaults, as the reference writes its own: every value a string.
  static func exported() -> [UInt8] {
    guard let root = unsafe json_object() else { return [] }
    defer { unsafe json_delete(root) }
    let defaults = Settings()
    for setting in Setting.allCases {
      if !setting.isObject {
        unsafe put(defaults.text(setting), at: setting.key, in: root)
        continue
      }
      for override in defaults.regionEndpointOverrides {
        unsafe put(override.endpoint, at: "%.%".with(setting.key, override.region), in: root)
      }
    }
    // Four columns for each level.
    guard let text = unsafe json_dumps(root, 4) else { return [] }
    defer { unsafe free(text) }
    return unsafe (String(cString: text) + "\n").octets
  }

  /// Makes the objects on the way.
  private static func put(
    _ text: String, at key: String, in root: UnsafeMutablePointer<json_t>
  ) {
    var object = unsafe root
    var names = (Setting.keyPrefix + key).octets.parted(at: .dot)
    let last = names.removeLast().text
    for name in names {
      let name = name.text
      if unsafe json_object_get(object, name) == nil {
        _ = unsafe json_object_set_new(object, name, json_object())
      }
      guard let inner = unsafe json_object_get(object, name) else { return }
      unsafe object = inner
    }
    _ = unsafe json_object_set_new(object, last, json_string(text))
  }
}
