// swift-tools-version: 6.2
//
// Amaru: CPython inside a Swift program.
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "amaru",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "Amaru", targets: ["Amaru"]),
        .library(name: "AmaruHTTP", targets: ["AmaruHTTP"]),
        .library(name: "AmaruEnvironment", targets: ["AmaruEnvironment"]),
        .library(name: "AmaruChat", targets: ["AmaruChat"]),
        .library(name: "AmaruTesting", targets: ["AmaruTesting"]),
        // The product is `amaru`, the target `AmaruCLI`: a target of that name would collide
        // with the library `Amaru` on a case-insensitive disk.
        .executable(name: "amaru", targets: ["AmaruCLI"]),
    ],
    traits: [
        .trait(
            name: "Full",
            description:
                "The command and every library. Without it Amaru alone, which needs no package."
        ),
        .default(enabledTraits: ["Full"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.13.0"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle",
            from: "2.11.0"
        ),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird",
            from: "2.28.1",
            // Full Foundation would triple the command's size.
            traits: []
        ),
    ],
    targets: [
        .executableTarget(
            name: "AmaruCLI",
            dependencies: [
                "AmaruChat", "AmaruHTTP", "AmaruEnvironment", "Amaru", "AmaruPython",
                "AmaruMarkdown", "AmaruStore", "AmaruServe",
                .full("ArgumentParser", "swift-argument-parser"),
            ]
        ),
        // The chat as a page, and as a model behind /v1.
        .target(
            name: "AmaruServe",
            dependencies: [
                "AmaruChat", "AmaruHTTP", "AmaruEnvironment", "Amaru", "AmaruMarkdown",
                "AmaruStore",
                .target(name: "CZlib", condition: .when(traits: ["Full"])),
                .full("HTTPTypes", "swift-http-types"),
                .full("Hummingbird", "hummingbird"),
                .full("HummingbirdCore", "hummingbird"),
                .full("Logging", "swift-log"),
                .full("NIOCore", "swift-nio"),
                .full("NIOHTTP1", "swift-nio"),
                .full("NIOHTTPTypes", "swift-nio-extras"),
                .full("NIOHTTPTypesHTTP1", "swift-nio-extras"),
                .full("NIOPosix", "swift-nio"),
                .full("ServiceLifecycle", "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Assets")]
        ),
        .systemLibrary(
            name: "CZlib",
            pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]
        ),
        .target(
            name: "AmaruStore",
            dependencies: [
                "AmaruChat", "AmaruHTTP", "AmaruEnvironment", "Amaru",
                .target(name: "CSQLite", condition: .when(traits: ["Full"])),
            ]
        ),
        .systemLibrary(
            name: "CSQLite",
            pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]
        ),
        .target(
            name: "AmaruChat",
            dependencies: ["AmaruHTTP", "AmaruEnvironment", "Amaru", "AmaruPython"]
        ),
        // Markdown as it comes: its blocks, and a terminal's rows.
        .target(
            name: "AmaruMarkdown",
            dependencies: [.target(name: "CCommonMark", condition: .when(traits: ["Full"]))]
        ),
        .systemLibrary(
            name: "CCommonMark",
            pkgConfig: "libcmark-gfm",
            providers: [
                .apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"]), .brew(["cmark-gfm"]),
            ]
        ),
        .target(
            name: "AmaruEnvironment",
            dependencies: [
                "Amaru",
                .full("SystemPackage", "swift-system"),
            ],
            resources: [.embedInCode("Python")]
        ),
        .target(
            name: "AmaruHTTP",
            dependencies: [
                "Amaru",
                .full("NIOConcurrencyHelpers", "swift-nio"),
                .full("NIOCore", "swift-nio"),
                .full("NIOFoundationEssentialsCompat", "swift-nio"),
                .full("NIOHPACK", "swift-nio-http2"),
                .full("NIOHTTP2", "swift-nio-http2"),
                .full("NIOPosix", "swift-nio"),
                .full("NIOSSL", "swift-nio-ssl"),
                .full("NIOTLS", "swift-nio"),
            ]
        ),
        .target(
            name: "Amaru",
            dependencies: ["CAmaru", "CAmaruPython"],
            // What is written in Python, as bytes of the library: it has no bundle.
            resources: [.embedInCode("Runtime/Python")]
        ),
        // The bridge's state, and the C functions through which Python enters Swift.
        .target(name: "CAmaru", dependencies: ["CAmaruPython"]),
        .systemLibrary(
            name: "CAmaruPython",
            pkgConfig: "python3-embed",
            providers: [.apt(["python3-dev"]), .brew(["python"])]
        ),
        .target(
            name: "AmaruPython",
            path: "Python",
            exclude: [
                "pyproject.toml", "_amaru_chat.pyi", "_amaru_http.pyi", "_amaru_packages.pyi",
                "examples",
            ],
            sources: ["AmaruPython.swift"],
            resources: [.copy("amaru"), .copy("compat"), .copy("main.py")]
        ),
        .target(
            name: "AmaruTesting",
            dependencies: [
                "AmaruChat", "AmaruHTTP", "AmaruEnvironment", "Amaru",
                .full("NIOConcurrencyHelpers", "swift-nio"),
                .full("NIOCore", "swift-nio"),
                .full("NIOHTTP2", "swift-nio-http2"),
                .full("NIOHPACK", "swift-nio-http2"),
                .full("NIOPosix", "swift-nio"),
                .full("NIOSSL", "swift-nio-ssl"),
            ]
        ),
        .executableTarget(
            name: "HelloPython",
            dependencies: ["Amaru"],
            path: "Sources/Examples/HelloPython"
        ),
        .executableTarget(
            name: "PythonCallsSwift",
            dependencies: ["Amaru"],
            path: "Sources/Examples/PythonCallsSwift"
        ),
        .executableTarget(
            name: "AsyncBothWays",
            dependencies: ["Amaru"],
            path: "Sources/Examples/AsyncBothWays"
        ),
        .executableTarget(
            name: "OwnNetwork",
            dependencies: ["Amaru", "AmaruHTTP", "AmaruPython"],
            path: "Sources/Examples/OwnNetwork"
        ),
        .executableTarget(
            name: "OwnPackages",
            dependencies: ["Amaru", "AmaruEnvironment"],
            path: "Sources/Examples/OwnPackages"
        ),
        .executableTarget(
            name: "ManyProcesses",
            dependencies: ["Amaru", "AmaruEnvironment"],
            path: "Sources/Examples/ManyProcesses"
        ),
        .executableTarget(
            name: "TutorialPage",
            dependencies: ["Amaru", "AmaruChat", "AmaruHTTP"],
            path: "Sources/Examples/TutorialPage"
        ),
        .testTarget(name: "AmaruTests", dependencies: ["Amaru"]),
        .testTarget(
            name: "AmaruHTTPTests",
            dependencies: [
                "AmaruHTTP", "AmaruTesting",
                .full("NIOConcurrencyHelpers", "swift-nio"),
            ]
        ),
        .testTarget(
            name: "AmaruEnvironmentTests",
            dependencies: ["AmaruEnvironment", "AmaruTesting"]
        ),
        .testTarget(
            name: "AmaruMarkdownTests",
            dependencies: ["AmaruMarkdown", "AmaruTesting"]
        ),
        .testTarget(name: "AmaruChatTests", dependencies: ["AmaruChat", "AmaruTesting"]),
        .testTarget(
            name: "AmaruStoreTests",
            dependencies: ["AmaruStore", "AmaruChat", "AmaruHTTP", "AmaruTesting"]
        ),
        .testTarget(
            name: "AmaruServeTests",
            dependencies: [
                "AmaruServe", "AmaruStore", "AmaruChat", "AmaruMarkdown", "AmaruHTTP",
                "AmaruTesting",
            ]
        ),
        .testTarget(
            name: "AmaruCLITests",
            dependencies: ["AmaruCLI", "AmaruMarkdown", "AmaruStore", "AmaruTesting"],
            exclude: ["Transcripts"]
        ),
    ]
)

extension Target.Dependency {
    /// A product of another package, which is fetched for the trait `Full` only.
    static func full(_ name: String, _ package: String) -> Self {
        .product(name: name, package: package, condition: .when(traits: ["Full"]))
    }
}

// One place for the settings of every Swift target.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
    .treatAllWarnings(as: .error),
]

for target in package.targets where target.type != .system {
    target.swiftSettings = settings
}

// The bridge alone, which depends on nothing: what its legs under a sanitizer and with other
// versions of Python build; with "races", only its tests of races.
if let part = Context.environment["AMARU_BRIDGE_ONLY"] {
    if part == "races" {
        let tests = package.targets.first { $0.name == "AmaruTests" }
        tests?.sources = ["Races", "Namespace.swift", "PythonTrait.swift", "Thread.swift"]
    }
    let bridge: Set = [
        "Amaru", "CAmaru", "CAmaruPython", "HelloPython", "PythonCallsSwift", "AsyncBothWays",
        "AmaruTests",
    ]
    package.targets.removeAll { !bridge.contains($0.name) }
    package.products.removeAll { $0.name != "Amaru" }
    package.dependencies = []
}

// Some of the test targets only, by name: what one works on builds without the others.
if let wanted = Context.environment["AMARU_TEST_TARGETS"] {
    let names = wanted.split(separator: ",").map(String.init)
    package.targets.removeAll { $0.type == .test && !names.contains($0.name) }
}
