import Foundation
import Testing

extension EndToEnd {
  /// What a shell can start the program with: closed pipes, named pipes, other octets than text.
  @Suite("Start")
  struct Start {
    /// A shell's commands, in which `$P` is the program, and what they must say.
    struct Command: CustomTestStringConvertible {
      let script: String
      let status: Int
      let named: [String]

      init(_ script: String, status: Int = 2, names named: String...) {
        self.script = script
        self.status = status
        self.named = named
      }

      var testDescription: String { script }
    }

    /// Runs the commands with bash, in a directory of the test's, with a token in the environment. The
    /// commands end with the program's status.
    private func check(_ command: Command) throws {
      let scratch = try ScratchDirectory()
      let process = try ChildProcess(
        "bash",
        [
          "-c", "cd \(scratch.path) && P=$0 && \(command.script)",
          Linkage.dynamic.program("localproxy"),
        ], name: "bash", in: scratch,
        environment: ["AWSIOT_TUNNEL_ACCESS_TOKEN": "a-token"])
      let exit = try process.waitForExit(within: 20)
      let text = process.text(of: .error)
      #expect(exit == .status(Int32(command.status)), "\(text)")
      for name in command.named { #expect(text.contains(name), "\(text)") }
    }

    @Test(
      "Octets that are no text are refused, with the name of what has them",
      arguments: [
        Command("$P -e x -s 0 --capath $(printf '/caf\\351')", names: "--capath is not UTF-8"),
        Command("$P -e x -s 0 -t $(printf 's3\\351')", names: "--access-token is not UTF-8"),
        Command(
          "AWSIOT_TUNNEL_ENDPOINT=$(printf 'caf\\351') $P -s 0",
          names: "AWSIOT_TUNNEL_ENDPOINT is not UTF-8"),
        Command(
          "https_proxy=$(printf 'http://a:\\351@b') $P -e x -s 0", names: "https_proxy is not UTF-8"
        ),
        Command(
          "SSL_CERT_FILE=$(printf '/\\351') $P -e x -s 0", names: "SSL_CERT_FILE is not UTF-8"),
      ])
    func refusesOtherEncodings(command: Command) throws { try check(command) }

    @Test(
      "A pipe is read when somebody writes to it, and never waited for when nobody does",
      arguments: [
        Command("mkfifo p && $P -e x -s 0 --config p", names: "--config 'p'", "a pipe that nobody"),
        Command("mkfifo p && $P -e x -s 0 --settings-json p", names: "--settings-json 'p'", "pipe"),
        Command(
          "mkfifo p && $P -e x -s 0 --access-token-file p", names: "--access-token-file 'p'", "pipe"
        ),
        Command(
          "mkfifo p && $P --export-default-settings p", names: "--export-default-settings 'p'",
          "a pipe that nobody"),
        Command(
          "$P -e x -s 0 --config <(sleep 0.2; echo a=b)",
          names: "line 1: 'a' is to be an option's long name"),
        Command(
          "echo a=b | $P --config /dev/stdin",
          names: "/dev/stdin, line 1: 'a' is to be an option's long name"),
        Command("$P --config /dev/null", names: "give --region"),
        Command("$P -e x -s x --settings-json <(echo '{}')", names: "'x' is not a port"),
        Command("$P -e x -s x --access-token-file <(echo t)", names: "'x' is not a port"),
        Command("$P --export-default-settings /dev/stdout | grep -q '\"tcp\"'", status: 0),
        Command(
          "mkfifo p; (cat p >r &); until $P --export-default-settings p; do sleep 0.1; done; "
            + "until grep -q '\"tcp\"' r; do sleep 0.1; done", status: 0),
      ])
    func readsPipes(command: Command) throws { try check(command) }

    @Test("A reader of standard error who has gone does not change the status")
    func survivesClosedPipe() throws {
      try check(
        Command(
          "exec 3>&1; { sleep 0.2; $P --bad; echo $? >status; } 2>&1 | true; "
            + "exit $(cat status)"))
    }
  }
}
