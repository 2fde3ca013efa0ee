import CEpoll
import Testing

@testable import Reactor

@Suite("Process")
struct ProcessTests {
  @Test(
    "what the system calls itself can end neither the field nor the comment that it is sent in",
    arguments: [
      ("Linux 6.1.0-1 x86_64", "Linux 6.1.0-1 x86_64"), ("", ""), ("a)\r\nX: 1", "a???X: 1"),
      ("(\\\u{7f}\t~", "????~"), ("é", "??"),
    ])
  func cleansSystemName(name: String, comment: String) {
    var text = Array(name.utf8CString)
    text.withUnsafeMutableBufferPointer { cepoll_make_comment($0.baseAddress) }
    #expect(text == Array(comment.utf8CString))
    #expect(!Process.systemName.isEmpty)
  }

  @Test("a process is told from a later one of its number by its start")
  func tellsStartTime() throws {
    let own = cepoll_process_id()
    #expect(try #require(Process.startTime(of: own)) > 0)
    #expect(Process.startTime(of: own) == Process.startTime(of: own))
    #expect(try #require(Process.startTime(of: 1)) <= #require(Process.startTime(of: own)))
    #expect(Process.startTime(of: .max) == nil)
  }

  @Test(
    "a program is found in PATH, or by its path",
    arguments: [
      ("sh", true), ("/bin/sh", true), ("no-such-program", false), ("/etc/passwd", false),
    ])
  func findsPrograms(name: String, isThere: Bool) {
    #expect(((try? Process.findProgram(name)) != nil) == isThere)
  }
}
