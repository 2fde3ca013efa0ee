import Foundation
import Simulator
import Testing

@testable import Reactor

@Suite("Journal")
struct JournalTests {
  @Test("each line begins with syslog's number of its level, and has neither time nor process")
  func writesPriorities() {
    let recorder = LogRecorder(.trace, events: .ofTests, isJournal: true)
    recorder.log.fatal("f")
    recorder.log.error("e")
    recorder.log.warning("w")
    recorder.log.info("i\n<0>j")
    recorder.log.debug("d")
    recorder.log.trace("t")
    #expect(
      recorder.lines == [
        "<2>[fatal] f", "<3>[error] e", "<4>[warning] w", "<6>[info] i?<0>j", "<7>[debug] d",
        "<7>[trace] t",
      ])
  }

  @Test("the last error is that of the log: bounded, on one line, and without secrets")
  func keepsLastError() {
    let log = LogRecorder(.error, events: .ofTests).log
    #expect(log.lastError == "")
    log.conceal("a-secret-of-some-length")
    log.error("a-secret-of-some-length\nis wrong")
    log.warning("not this")
    #expect(log.lastError == "***?is wrong")
    log.fatal(String(repeating: "é", count: 3_000))
    #expect(log.lastError == String(repeating: "é", count: 2_000) + "…")
    // What is left out of a flood of errors is not the last of them.
    for _ in 0..<15 { log.failToConnect() }
    log.finish()
    #expect(log.lastError == "could not connect")
    let silent = LogRecorder(.off, events: .ofTests).log
    silent.error("nothing")
    #expect(silent.lastError == "")
  }
}
