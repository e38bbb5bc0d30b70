// swift-tools-version: 6.2
//
// The speed of the bridge, measured against the same work in C. Start it with ./run.
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "amaru-benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [
        // The name: a clone may be in a folder of any name.
        .package(name: "amaru", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "AmaruBench",
            dependencies: [.product(name: "Amaru", package: "amaru"), "CFloors"],
            path: "AmaruBench",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),  // SE-0335
                .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
                .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
                .treatAllWarnings(as: .error),
            ]
        ),
        .target(name: "CFloors", dependencies: ["CPython"], path: "CFloors"),
        .systemLibrary(name: "CPython", path: "CPython", pkgConfig: "python3-embed"),
    ],
    cxxLanguageStandard: .cxx17
)
