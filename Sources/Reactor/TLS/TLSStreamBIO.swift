import Basics
import COpenSSL

/// OpenSSL's way to a `TLSStream`'s ciphertext: a BIO method over the stream's two queues.
extension TLSStream {
  /// Gives OpenSSL up to `count` bytes of ciphertext; nil when there are none now.
  private func takeInbound(_ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int? {
    if inbound.isEmpty {
      if receivesLeft == 0 || transportEnded {
        hasRunDry = true
        return nil
      }
      inbound.reserve(Self.receiveByteCount)
      var offered = 0
      let result = inbound.withWritable { region in
        offered = region.count
        return transport.receive(into: &region)
      }
      switch result {
      case .bytes(let received):
        inbound.advance(received)
        receivedByteCount &+= received
        receivesLeft = received == offered ? receivesLeft &- 1 : 0
      case .wouldBlock:
        receivesLeft = 0
        hasRunDry = true
        return nil
      case .endOfStream:
        transportEnded = true
        hasRunDry = true
        return nil
      case .failed(let failure):
        transportEnded = true
        transportFailure = failure
        hasRunDry = true
        return nil
      }
    }
    let taken = min(count, inbound.count)
    inbound.withReadable { readable in
      unsafe readable.withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(start: bytes, count: taken)
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<taken]))
      }
    }
    inbound.consume(taken)
    return taken
  }

  private func appendOutbound(_ bytes: UnsafeRawPointer, _ count: Int) {
    let region = unsafe UnsafeBufferPointer(
      start: bytes.assumingMemoryBound(to: UInt8.self), count: count)
    outbound.append(unsafe region.span)
  }

  // MARK: The BIO

  /// A BIO method over the queues of the `TLSStream` that is the BIO's data.
  static func makeMethod() -> OpaquePointer? {
    let type = BIO_get_new_index() | Int32(BIO_TYPE_SOURCE_SINK)
    guard let method = unsafe BIO_meth_new(type, "localproxy queues") else { return nil }
    unsafe BIO_meth_set_read_ex(method) { bio, bytes, count, taken in
      guard let bytes = unsafe bytes, let stream = unsafe streamOf(bio) else { return 0 }
      unsafe BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
      guard let got = unsafe stream.takeInbound(bytes, count) else {
        unsafe BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
        return 0
      }
      unsafe taken?.pointee = got
      return 1
    }
    unsafe BIO_meth_set_write_ex(method) { bio, bytes, count, written in
      guard let bytes = unsafe bytes, let stream = unsafe streamOf(bio) else { return 0 }
      unsafe stream.appendOutbound(bytes, count)
      unsafe written?.pointee = count
      return 1
    }
    unsafe BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    return unsafe method
  }
}

func streamOf(_ bio: OpaquePointer?) -> TLSStream? {
  guard let data = unsafe BIO_get_data(bio) else { return nil }
  return unsafe Unmanaged<TLSStream>.fromOpaque(data).takeUnretainedValue()
}
