import Testing

/// The shipped programs as a user runs them: real processes, real TLS, real sockets, on loopback only.
/// One test at a time, for they measure memory and time and there may be only two cores.
@Suite("End to end", .serialized)
enum EndToEnd {}
