import Basics
import CEpoll
import Foundation
import Testing

@testable import Reactor

@Suite("Unix domain sockets")
struct UnixSocketTests {
  /// A directory of its own for one test, gone with it.
  private final class Directory {
    let path: String

    init() throws {
      path = NSTemporaryDirectory() + "/localproxy-unix.\(UUID().uuidString.prefix(8))"
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var socket: SocketAddress { SocketAddress(path: "\(path)/s") }
    var exists: Bool { FileManager.default.fileExists(atPath: "\(path)/s") }
  }

  private static func pair(_ reactor: Reactor, _ directory: Directory) throws -> (
    client: Endpoint, server: Endpoint
  ) {
    let acceptor = try Acceptor(reactor, on: directory.socket)
    let client = Endpoint()
    let server = Endpoint()
    client.stream = try reactor.connect(to: directory.socket, from: nil, client)
    #expect(!client.isOpen, "nothing is reported from inside of connect")
    let isConnected = try reactor.turn { client.isOpen && !acceptor.accepted.isEmpty }
    try #require(isConnected)
    server.attach(acceptor.accepted[0])
    #expect(acceptor.peers[0].description == directory.socket.path)
    acceptor.close()
    return (client, server)
  }

  @Test("a file that has taken the place of another is not removed, also on another file system")
  func keepsOtherFile() throws {
    let directory = try Directory()
    let path = directory.socket.path
    let descriptor = cepoll_socket(0)
    var file = cepoll_file()
    #expect(cepoll_listen_on_path(descriptor, path, 0, 1, &file) == 0)
    #expect(cepoll_close(descriptor) == 0)
    cepoll_remove_path(path, cepoll_file(device: file.device + 1, number: file.number))
    #expect(directory.exists)
    cepoll_remove_path(path, cepoll_file(device: file.device, number: file.number + 1))
    #expect(directory.exists)
    cepoll_remove_path(path, file)
    #expect(!directory.exists)
  }

  @Test("a megabyte arrives both ways, and the file goes with its listener")
  func carriesBytes() throws {
    let reactor = try Reactor()
    let directory = try Directory()
    let (client, server) = try Self.pair(reactor, directory)
    #expect(!directory.exists)
    for endpoint in [client, server] {
      endpoint.pattern = Pattern(3)
      endpoint.unsentCount = 1_000_000
      endpoint.finishesWhenSent = true
      endpoint.sendPattern()
    }
    #expect(try reactor.turn { client.hasEnded && server.hasEnded })
    #expect(client.receivedCount == 1_000_000 && client.mismatchAt == nil)
    #expect(server.receivedCount == 1_000_000 && server.mismatchAt == nil)
    client.close()
    server.close()
    #expect(reactor.registrationCount == 0)
  }

  @Test(
    "a peer that closed is told from one that ended its direction", arguments: [true, false])
  func tellsClosed(closes: Bool) throws {
    let reactor = try Reactor()
    let (client, server) = try Self.pair(reactor, Directory())
    if closes { client.stream?.close() } else { client.stream?.finishSending() }
    #expect(try reactor.turn { server.hasEnded })
    #expect(server.stream?.isPeerClosed == closes)
    if !closes {
      server.send([4, 5])
      #expect(try reactor.turn { client.received == [4, 5] })
    }
    client.close()
    server.close()
  }

  @Test("what the reader has not taken is known, and the options of TCP do no harm")
  func knowsBacklog() throws {
    let reactor = try Reactor()
    let (client, server) = try Self.pair(reactor, Directory())
    server.stream?.interest = []
    client.stream?.keepQueueShort(byteCount: 65_536)
    client.stream?.setUserTimeout(Milliseconds(60_000))
    client.send([UInt8](repeating: 1, count: 10_000))
    #expect((client.stream?.transportState.unacknowledgedByteCount ?? 0) >= 10_000)
    server.stream?.interest = .readable
    #expect(try reactor.turn { server.receivedCount == 10_000 })
    #expect(client.stream?.transportState.unacknowledgedByteCount == 0)
    client.close()
    server.close()
  }

  @Test("a listener's file is not for everybody to write to, whatever the umask")
  func limitsMode() throws {
    let reactor = try Reactor()
    let directory = try Directory()
    let acceptor = try Acceptor(reactor, on: directory.socket)
    var status = stat()
    #expect(lstat(directory.socket.path, &status) == 0)
    #expect(status.st_mode & 0o002 == 0 && status.st_mode & 0o600 == 0o600)
    acceptor.close()
  }

  @Test("a listener with a full queue of clients is busy")
  func tellsBusy() throws {
    let reactor = try Reactor()
    let directory = try Directory()
    let acceptor = try Acceptor(reactor, on: directory.socket, backlog: 1)
    acceptor.listener?.isAccepting = false
    let clients = (0..<10).map { _ in Endpoint() }
    var failure: SystemError?
    for client in clients where failure == nil {
      do throws(SystemError) {
        client.stream = try reactor.connect(to: directory.socket, from: nil, client)
      } catch {
        failure = error
      }
    }
    #expect(failure?.isBusy == true && clients[0].stream != nil)
    for client in clients { client.close() }
    acceptor.close()
  }

  @Test("a file that nobody listens on any more is replaced")
  func replacesStale() throws {
    let reactor = try Reactor()
    let directory = try Directory()
    try makeSocketFile(directory.socket.path)
    #expect(directory.exists)
    let (client, server) = try Self.pair(reactor, directory)
    client.close()
    server.close()
  }

  @Test("a file with a listener, or of another kind, is left alone")
  func refusesOthers() throws {
    let reactor = try Reactor()
    let directory = try Directory()
    let acceptor = try Acceptor(reactor, on: directory.socket)
    #expect(throws: SystemError(EADDRINUSE, "listen")) {
      _ = try Acceptor(reactor, on: directory.socket)
    }
    // Who looks whether it is in use is no client.
    try reactor.turn(waitMax: Milliseconds(0))
    #expect(acceptor.accepted.isEmpty)
    acceptor.close()
    try Data("x".utf8).write(to: URL(fileURLWithPath: directory.socket.path))
    #expect(throws: SystemError(EEXIST, "listen")) {
      _ = try Acceptor(reactor, on: directory.socket)
    }
    #expect(FileManager.default.contents(atPath: directory.socket.path) == Data("x".utf8))
    #expect(reactor.registrationCount == 0)
  }

  @Test("a closed listener leaves the file of its successor, in use or not")
  func leavesSuccessor() throws {
    let reactor = try Reactor()
    let directory = try Directory()
    let first = try Acceptor(reactor, on: directory.socket)
    try FileManager.default.removeItem(atPath: directory.socket.path)
    let second = try Acceptor(reactor, on: directory.socket)
    first.close()
    #expect(directory.exists)
    second.close()
    #expect(!directory.exists)
  }

  @Test(
    "what cannot be reached or made says why",
    arguments: [
      ("/nonexistent/s", ENOENT), ("/tmp", ECONNREFUSED),
      ("/tmp/" + String(repeating: "x", count: 103), ENAMETOOLONG),
    ])
  func reportsConnectErrors(path: String, code: Int32) throws {
    let reactor = try Reactor()
    #expect(throws: SystemError(code, "connect")) {
      _ = try reactor.connect(to: SocketAddress(path: path), from: nil, Endpoint())
    }
    #expect(throws: SystemError.self) { _ = try Acceptor(reactor, on: SocketAddress(path: path)) }
    #expect(reactor.registrationCount == 0)
  }

  /// What a process leaves that was killed: a socket file without a listener.
  private func makeSocketFile(_ path: String) throws {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    let outcome = withUnsafePointer(to: address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(outcome == 0)
  }
}
