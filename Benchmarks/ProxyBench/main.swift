// ProxyBench: how fast, how cheap and how small localproxy is, beside the floor or another binary.
// Real sockets, TLS and a service on loopback; every program its own process.
import Foundation
import Glibc

Guardian.shared.start()
do {
  let arguments = Array(CommandLine.arguments.dropFirst())
  if arguments.contains("--help") || arguments.contains("-h") {
    print(Options.usage)
    exit(0)
  }
  let options = try Options(arguments)
  let bench = try Bench(options)
  let report = Report(machine: Machine(floor: bench.programs.floor), series: bench.run())
  print(options.printsJSON ? try report.json() : report.text)
  exit(0)
} catch {
  Progress.say("\(error)")
  exit(error is Options.UsageFailure ? 2 : 1)
}
