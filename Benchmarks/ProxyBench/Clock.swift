import Glibc

/// The monotonic clock and the CPU clocks of processes, in nanoseconds.
enum Clock {
  static func now() -> UInt64 {
    read(CLOCK_MONOTONIC) ?? 0
  }

  /// CPU time, user and system, of a whole process with its finished threads. Nil once it is gone.
  static func cpuTime(of processID: pid_t) -> UInt64? {
    var clock = clockid_t()
    guard clock_getcpuclockid(processID, &clock) == 0 else { return nil }
    return read(clock)
  }

  static func seconds(since start: UInt64) -> Double {
    Double(now() - start) / 1e9
  }

  static func sleep(seconds: Double) {
    guard seconds > 0 else { return }
    usleep(useconds_t(seconds * 1e6))
  }

  private static func read(_ clock: clockid_t) -> UInt64? {
    var time = timespec()
    guard clock_gettime(clock, &time) == 0 else { return nil }
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
