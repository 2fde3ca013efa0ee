import Foundation
import Simulator
import Testing

@testable import Reactor

@Suite("Journal")
struct JournalTests {
  @Test("each line begins with syslog's number of its level, and has neither time nor process")
  func writesPriorities() {
    let recorder = LogRecorder(.trace, isJournal: true)
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
}
