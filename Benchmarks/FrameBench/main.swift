// FrameBench: the loops of 'ProxyBench frames', compiled as what ships is. Each line has a payload's length, the
// work's number, and then frames, nanoseconds and allocations (-1: not counted).
import FrameLoops

for payloadLength in FrameLoop.payloadLengths {
  var loop = FrameLoop(payloadLength: payloadLength)
  for (number, work) in FrameLoop.Work.allCases.enumerated() {
    guard let cost = loop.run(work) else {
      print("\(payloadLength) \(number) failed")
      continue
    }
    let allocations = cost.allocationCount.map { Int64($0) } ?? -1
    print("\(payloadLength) \(number) \(cost.frameCount) \(cost.nanoseconds) \(allocations)")
  }
}
