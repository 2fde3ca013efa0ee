// ProxyBench: how fast, how cheap and how small localproxy is, beside the floor or another binary.
// Real sockets, TLS and a service on loopback; every program its own process.
import Figures
import Foundation
import Glibc

Guardian.shared.start()
do {
  let arguments = Array(CommandLine.arguments.dropFirst())
  if arguments.contains("--help") || arguments.contains("-h") {
    print(Options.usage)
    exit(0)
  }
  Limits.raise()
  if arguments == [ServerProcess.command] { try ServerProcess.run() }
  let options = try Options(arguments)
  if options.measured == [.smoke] { try Smoke.judge(options) }
  let gallery = try Gallery(options)
  if options.measured == [.draw] {
    try gallery?.draw()
    exit(0)
  }
  if options.measured == [.footprint] {
    let footprint = try Footprint(options)
    let machine = Machine(floor: try Programs(options).floor)
    let tables = [
      (FootprintPage.files, try footprint.files(machine)),
      (FootprintPage.running, try footprint.processes(machine)),
    ]
    for (name, results) in tables {
      print(results.text)
      try gallery?.keep(results, as: name)
    }
    try gallery?.draw()
    exit(0)
  }
  let frames = options.measured.contains(.frames) ? try Frames.series(options) : []
  // Frames alone need no program but this one and its like.
  let bench = options.measured == [.frames] ? nil : try Bench(options)
  let report = Report(
    machine: Machine(floor: bench?.programs.floor), series: (bench?.run() ?? []) + frames)
  print(options.printsJSON ? try report.json() : report.text)
  try gallery?.keep(report.series, of: report.machine)
  try gallery?.draw()
  exit(0)
} catch {
  Progress.say("\(error)")
  exit(error is Options.UsageFailure ? 2 : 1)
}
