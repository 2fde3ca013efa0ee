import Configuration
import Tunnel

extension LinkLimits {
  /// As the settings have it.
  init(_ settings: Settings) {
    self.init()
    framePayloadLengthMax = settings.framePayloadLengthMax
    messageByteCountMax = min(
      settings.messageByteCountMax, settings.dataFrameByteCountMax - Message.prefixByteCount,
      Message.byteCountMax)
    inboundByteCountMax = settings.linkReadByteCountMax
  }
}
