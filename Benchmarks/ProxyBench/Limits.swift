import Glibc

/// What the system allows this process and, by inheritance, its children.
enum Limits {
  private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

  /// As many descriptors as may be had.
  static func raise() {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(resource, &limit)
  }

  static var descriptorCount: Int {
    var limit = rlimit()
    return getrlimit(resource, &limit) == 0 ? Int(clamping: limit.rlim_cur) : 0
  }
}
