// What scripts/fuzz runs:
//
//     Fuzz                                    lists the targets and the lengths of their inputs
//     Fuzz --seeds FILE DIRECTORY             writes the inputs in a file of seeds as libFuzzer reads them
//     Fuzz TARGET [libFuzzer's arguments…]    fuzzes
import CFuzzer
import Glibc

private func unpack(_ path: String, into directory: String) -> Bool {
  guard let file = unsafe fopen(path, "r") else { return false }
  var text: [UInt8] = []
  while case let octet = unsafe fgetc(file), octet != EOF {
    text.append(UInt8(truncatingIfNeeded: octet))
  }
  unsafe fclose(file)
  for (index, seed) in SeedFile.read(text).enumerated() {
    guard let file = unsafe fopen("\(directory)/seed-\(index + 1)", "w") else { return false }
    let count = unsafe seed.withUnsafeBytes { all in
      unsafe fwrite(all.baseAddress, 1, all.count, file)
    }
    if unsafe fclose(file) != 0 || count != seed.count { return false }
  }
  return true
}

private let arguments = CommandLine.arguments
if arguments.count == 4 && arguments[1] == "--seeds" {
  exit(unpack(arguments[2], into: arguments[3]) ? 0 : 1)
}
guard arguments.count > 1, let named = FuzzTarget.named(arguments[1]) else {
  for target in FuzzTarget.all { print(target.name, target.inputByteCountMax) }
  exit(arguments.count > 1 ? 2 : 0)
}
/// libFuzzer calls a function of C, which can hold no value.
let target = named
private var count = CommandLine.argc - 1
private var vector: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? =
  unsafe CommandLine.unsafeArgv + 1
exit(
  unsafe LLVMFuzzerRunDriver(&count, &vector) { data, size in
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: size))
    do throws(Finding) {
      try target.check(bytes)
    } catch {
      fatalError("\(target.name): \(error)")
    }
    return 0
  })
