// swift-tools-version: 6.2
// One source, two compilations (ARCHITECTURE.md). Ordinary Swift is what `swift build`, `swift test`
// and `swift run` make. Embedded Swift is what ships: `make release` sets the variables read here.
import PackageDescription

/// Directory of the toolchain's Embedded libraries for the target; set means "compile as Embedded Swift".
let embeddedLibraries = Context.environment["LOCALPROXY_EMBEDDED_LIBRARIES"]
/// `make fuzz` sets it: libFuzzer and AddressSanitizer in everything, and their program instead of the tests.
let fuzzes = Context.environment["LOCALPROXY_FUZZ"] == "1"
/// `static-pie` or `static`: programs that need no other file; empty for those that use the system's libraries.
let staticLinking = Context.environment["LOCALPROXY_STATIC"] ?? ""
/// Relocations take a bit each instead of 24 octets: a static program always may, another with a loader that knows.
let packsRelocations = Context.environment["LOCALPROXY_PACKED"] == "1"
/// All is bound at the start, so no call needs a stub, where clang can do without.
let withoutStubs = Context.environment["LOCALPROXY_NO_PLT"] == "1" ? ["-fno-plt"] : []

let checked: [SwiftSetting] = [.strictMemorySafety(), .treatAllWarnings(as: .error)]
var productSettings = checked
var librarySettings = checked
var embeddedSettings: [SwiftSetting] = []
var embeddedLibrarySettings: [SwiftSetting] = []
var shimSettings: [CSetting] = []
var programSettings: [LinkerSetting] = []
if let embeddedLibraries {
  embeddedSettings = [
    .enableExperimentalFeature("Embedded"),
    .unsafeFlags(
      [
        "-wmo", "-Osize", "-enforce-exclusivity=unchecked",
        // Swift's own inliner stops in functions of more than four blocks; LLVM's goes on, and knows sizes.
        "-Xllvm", "-sil-inline-overall-caller-block-limit=4",
        // What a call costs beside what it calls: less than is usual, where size counts.
        "-Xllvm", "-inline-call-penalty=10",
        // Each function in a section of its own: the linker takes those that are called.
        "-Xfrontend", "-function-sections",
      ] + withoutStubs.flatMap { ["-Xcc", $0] }),
  ]
  // Programs go to the linker in LLVM's intermediate language (LTO): only there it is known that nobody else calls
  // their functions. LLVM's merging of functions leaves some without a name, of which the compiler (6.3) writes no
  // bitcode.
  productSettings +=
    embeddedSettings + [
      .unsafeFlags([
        "-Xfrontend", "-emit-bc", "-Xfrontend", "-disable-llvm-merge-functions-pass",
      ])
    ]
  // Each program takes of it what it calls.
  shimSettings = [
    .define("LOCALPROXY_EMBEDDED"),
    .unsafeFlags(
      withoutStubs + [
        "-Oz", "-flto=full", "-ffunction-sections", "-fdata-sections",
        // Nothing unwinds through it: Swift's own code has no tables either.
        "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-fno-ident",
      ]),
  ]
  // All code is generated once, in the program that uses it, which sees every module whole.
  embeddedLibrarySettings =
    embeddedSettings + [.unsafeFlags(["-Xfrontend", "-emit-empty-object-file"])]
  librarySettings = checked + embeddedLibrarySettings
  programSettings += [
    .unsafeFlags(
      [
        "-L\(embeddedLibraries)", "-use-ld=lld", "-Xlinker", "--gc-sections", "-Xlinker",
        "--icf=safe", "-Xlinker", "-s",
        // As above, where the linker compiles.
        "-Xlinker", "-mllvm", "-Xlinker", "-inline-call-penalty=10",
        // Instructions that stand in several places stand in one.
        "-Xlinker", "-mllvm", "-Xlinker", "-enable-machine-outliner=always",
        // CEpoll's own, which can wipe what is freed.
        "-Xlinker", "--wrap=free",
        // What the loader has filled in is read-only from then on: full RELRO.
        "-Xlinker", "-z", "-Xlinker", "now",
        // All of Swift's memory comes by a function of CEpoll's that does not fail.
        "-Xlinker", "--wrap=posix_memalign",
      ]
        + (packsRelocations ? ["-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"] : [])
        // Loaded at any address, too.
        + (staticLinking.isEmpty
          ? []
          : [
            // The driver says -pie besides.
            "-Xclang-linker", "-\(staticLinking)", "-Xclang-linker",
            "-Wno-unused-command-line-argument",
          ]))
  ]
}
/// Programs with dictionaries and Unicode's tables, which localproxy does without.
let hashingSettings: [LinkerSetting] =
  embeddedLibraries == nil
  ? [] : programSettings + [.linkedLibrary("m"), .linkedLibrary("swiftUnicodeDataTables")]

/// scripts/cross-test sets it: the fuzzers' targets and seeds as an Embedded program, for other machines.
let replays = embeddedLibraries != nil && Context.environment["LOCALPROXY_REPLAY"] == "1"
if replays {
  let testable: SwiftSetting = .unsafeFlags(["-enable-testing"])
  productSettings.append(testable)
  librarySettings.append(testable)
}

let fuzzSettings: [SwiftSetting] =
  fuzzes ? [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])] : []
if fuzzes {
  productSettings += fuzzSettings
  librarySettings = productSettings
}

var targets: [Target] = [
  .target(name: "CEpoll", cSettings: shimSettings),
  .systemLibrary(
    name: "COpenSSL", path: "Sources/CLibraries/COpenSSL", pkgConfig: "openssl",
    providers: [.apt(["libssl-dev"])]),
  .systemLibrary(
    name: "CAres", path: "Sources/CLibraries/CAres", pkgConfig: "libcares",
    providers: [.apt(["libc-ares-dev"])]),
  .systemLibrary(
    name: "CJansson", path: "Sources/CLibraries/CJansson", pkgConfig: "jansson",
    providers: [.apt(["libjansson-dev"])]),
  .systemLibrary(
    name: "CZlib", path: "Sources/CLibraries/CZlib", pkgConfig: "zlib",
    providers: [.apt(["zlib1g-dev"])]),
  .target(name: "Basics", dependencies: ["CEpoll"], swiftSettings: librarySettings),
  .target(
    name: "Reactor", dependencies: ["Basics", "CEpoll", "COpenSSL", "CAres"],
    exclude: ["events.txt"], swiftSettings: librarySettings),
  // Protocols, which see neither sockets nor clocks.
  .target(
    name: "WebSocket", dependencies: ["Basics", "CZlib"], path: "Sources/Proxy/WebSocket",
    swiftSettings: librarySettings),
  .target(
    name: "Tunnel", dependencies: ["Basics", "WebSocket"], path: "Sources/Proxy/Tunnel",
    swiftSettings: librarySettings),
  // The pages of --status, as values.
  .target(
    name: "Status", dependencies: ["Basics", "WebSocket", "Tunnel"], path: "Sources/Proxy/Status",
    exclude: ["page.html", "texts.txt"], swiftSettings: librarySettings),
  .target(
    name: "WebProxy", dependencies: ["Basics", "Reactor", "WebSocket"],
    path: "Sources/Proxy/WebProxy", swiftSettings: librarySettings),
  .target(
    name: "Configuration",
    dependencies: ["Basics", "Reactor", "WebSocket", "Tunnel", "WebProxy", "CJansson"],
    path: "Sources/Proxy/Configuration", exclude: ["help.txt"], swiftSettings: librarySettings),
  // What joins all of them to the reactor.
  .target(
    name: "Proxy",
    dependencies: [
      "Basics", "Reactor", "WebSocket", "Tunnel", "Status", "WebProxy", "Configuration",
    ],
    path: "Sources/Proxy/Glue", exclude: ["events.txt"], swiftSettings: librarySettings),
  .target(
    name: "TunnelService",
    dependencies: [
      "Basics", "Reactor", "WebSocket", "Tunnel", "Configuration", "Proxy", "COpenSSL",
    ],
    exclude: ["events.txt"], swiftSettings: librarySettings),
  // What starts a localproxy for each notification: its decisions, and its program.
  .target(name: "AgentCore", dependencies: ["Basics", "CJansson"], swiftSettings: librarySettings),
  .target(
    name: "Agent", dependencies: ["AgentCore", "Basics", "Reactor", "Configuration"],
    exclude: ["events.txt"], swiftSettings: librarySettings),
  .executableTarget(
    name: "localproxy-agent", dependencies: ["Agent", "Reactor"],
    swiftSettings: productSettings, linkerSettings: programSettings),
  .executableTarget(
    name: "localproxy", dependencies: ["Basics", "Reactor", "Configuration", "Proxy"],
    swiftSettings: productSettings, linkerSettings: programSettings),
  .executableTarget(
    name: "tunneld", dependencies: ["TunnelService", "Reactor"],
    swiftSettings: productSettings,
    linkerSettings: hashingSettings),
]
var dependencies: [Package.Dependency] = []
let frameLoops: [Target] = [
  .target(name: "CMemoryProbe", path: "Tests/CMemoryProbe"),
  .target(
    name: "FrameLoops", dependencies: ["WebSocket", "Basics", "CMemoryProbe"],
    path: "Benchmarks/FrameLoops", swiftSettings: librarySettings),
]

// What a conformance suite tests, of both compilations; `make release` does not need it.
if embeddedLibraries == nil && !fuzzes || Context.environment["LOCALPROXY_ECHO"] == "1" {
  targets.append(
    .executableTarget(
      name: "WebSocketEcho",
      dependencies: ["Proxy", "Configuration", "WebSocket", "Reactor", "Basics"],
      path: "Tests/WebSocketEcho", exclude: ["summary.py"], swiftSettings: productSettings,
      linkerSettings: hashingSettings))
}

/// `make bench` sets it: the frames' loops compiled like the product.
if embeddedLibraries != nil && Context.environment["LOCALPROXY_FRAMEBENCH"] == "1" {
  targets += frameLoops
  targets.append(
    .executableTarget(
      name: "FrameBench", dependencies: ["FrameLoops", "CEpoll"], path: "Benchmarks/FrameBench",
      swiftSettings: productSettings,
      linkerSettings: hashingSettings))
}
/// What the tests of the proxy and the fuzzers look into.
let proxyModules: [Target.Dependency] = [
  "Basics", "Reactor", "WebSocket", "Tunnel", "Status", "WebProxy", "Configuration", "Proxy",
]
let simulator: Target = .target(
  name: "Simulator",
  dependencies: [
    "Basics", "Reactor", "Tunnel", "WebProxy", "Configuration", "Proxy", "TunnelService",
  ],
  path: "Tests/Simulator", swiftSettings: fuzzSettings)
let memoryFile: Target = .target(name: "CMemoryFile", path: "Fuzz/CMemoryFile")
if replays {
  targets += [
    memoryFile,
    // Of the simulator, what the targets ask for.
    .target(
      name: "Simulator", dependencies: ["Basics", "Reactor", "Tunnel"],
      path: "Tests/Simulator/Portable", swiftSettings: embeddedLibrarySettings),
    .executableTarget(
      name: "Replay", dependencies: proxyModules + ["AgentCore", "Simulator", "CMemoryFile"],
      path: "Fuzz",
      exclude: ["CFuzzer", "CMemoryFile", "Program", "Tests", "seeds", "regressions"],
      sources: ["Targets", "Replay"], swiftSettings: productSettings,
      linkerSettings: hashingSettings),
  ]
}
if fuzzes {
  targets += [
    simulator,
    memoryFile,
    .target(name: "CFuzzer", path: "Fuzz/CFuzzer"),
    .executableTarget(
      name: "Fuzz",
      dependencies: proxyModules + ["AgentCore", "Simulator", "CFuzzer", "CMemoryFile"],
      path: "Fuzz", exclude: ["CFuzzer", "CMemoryFile", "Replay", "Tests", "seeds", "regressions"],
      sources: ["Targets", "Program"],
      swiftSettings: productSettings,
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ]
} else if embeddedLibraries == nil {
  dependencies += [
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ]
  targets += frameLoops
  targets += [
    simulator,
    memoryFile,
    .target(name: "Figures", path: "Benchmarks/Figures"),
    .executableTarget(
      name: "FloorRelay", dependencies: ["COpenSSL"], path: "Benchmarks/FloorRelay"),
    .executableTarget(
      name: "BareClient", dependencies: ["COpenSSL"], path: "Benchmarks/BareClient"),
    .executableTarget(
      name: "ProxyBench",
      dependencies: [
        "CEpoll", "Figures", "FrameLoops",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      path: "Benchmarks/ProxyBench"),
    .target(name: "StateTables", path: "Tools/StateTables"),
    .target(
      name: "ManualPages",
      dependencies: ["Agent", "Configuration", "TunnelService", "StateTables"],
      path: "Tools/ManualPages"),
    .executableTarget(name: "Manual", dependencies: ["ManualPages"], path: "Tools/Manual"),
    .executableTarget(
      name: "Simulate", dependencies: ["Simulator", "Basics"], path: "Tools/Simulate"),
    .testTarget(name: "SimulatorTests", dependencies: ["Simulator", "Basics", "Reactor"]),
    .testTarget(name: "ContractTests", dependencies: ["Simulator", "Basics", "Reactor"]),
    // On the library: with a test that depends on a program, SwiftPM builds every package's programs, protoc
    // among them, for ten minutes.
    .testTarget(
      name: "ManualTests",
      dependencies: [
        "ManualPages", "StateTables", "Proxy", "Reactor", "Agent", "Configuration", "TunnelService",
      ]),
    .testTarget(
      name: "FuzzTests", dependencies: proxyModules + ["AgentCore", "Simulator", "CMemoryFile"],
      path: "Fuzz",
      exclude: ["CFuzzer", "CMemoryFile", "Program", "Replay", "seeds", "regressions"],
      sources: ["Targets", "Tests"]),
    .testTarget(name: "FiguresTests", dependencies: ["Figures"]),
    .testTarget(name: "BasicsTests", dependencies: ["Basics", "CEpoll", "Simulator"]),
    .testTarget(name: "ReactorTests", dependencies: ["Reactor", "Basics", "Simulator"]),
    .testTarget(
      name: "ProxyTests",
      dependencies: proxyModules + [
        "Simulator", "StateTables", "CMemoryProbe",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["Message.proto"]),
    .testTarget(
      name: "TunnelServiceTests",
      dependencies: ["TunnelService", "Tunnel", "WebSocket", "Reactor", "Basics", "Simulator"]),
    .testTarget(
      name: "AgentTests",
      dependencies: ["Agent", "AgentCore", "Reactor", "Basics", "Simulator"]),
    .testTarget(name: "EndToEndTests", dependencies: ["Figures"]),
  ]
}

let package = Package(
  name: "localproxy",
  products: [
    .executable(name: "localproxy", targets: ["localproxy"]),
    .executable(name: "tunneld", targets: ["tunneld"]),
    .executable(name: "localproxy-agent", targets: ["localproxy-agent"]),
  ],
  dependencies: dependencies,
  targets: targets,
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu11
)
