// DocC, run on the catalogue and on the library as it was built for this test.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The compiler of documentation.
enum DocumentationCompiler {
    static let isFound = ["docc", "swift-symbolgraph-extract"].allSatisfy { tool in
        ProcessInfo.processInfo.environment["PATH", default: ""].split(separator: ":")
            .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)") }
    }

    /// What DocC says of a catalogue and of the library's doc comments; empty where all is well.
    static func complaints(about catalogue: URL) async throws -> String {
        let folder = try TemporaryFolder()
        try await extractSymbols(to: folder)
        let outcome = try await Compiler.execute(
            [
                "docc", "convert", catalogue.path, "--warnings-as-errors",
                "--additional-symbol-graph-dir", folder.path,
                "--fallback-display-name", "Amaru", "--fallback-bundle-identifier", "amaru",
                "--output-path", folder.path + "/output",
            ]
        )
        withExtendedLifetime(folder) {}
        return outcome.succeeded ? "" : outcome.diagnostics
    }

    /// The names of the public types of the library, but those within others.
    static func publicTypes() async throws -> Set<String> {
        struct Graph: Decodable {
            struct Symbol: Decodable { let pathComponents: [String] }
            let symbols: [Symbol]
        }
        let folder = try TemporaryFolder()
        try await extractSymbols(to: folder)
        let file = URL(fileURLWithPath: folder.path).appending(path: "Amaru.symbols.json")
        let graph = try JSONDecoder().decode(Graph.self, from: Data(contentsOf: file))
        withExtendedLifetime(folder) {}
        return Set(graph.symbols.map(\.pathComponents).filter { $0.count == 1 }.flatMap(\.self))
    }

    private static func extractSymbols(to folder: TemporaryFolder) async throws {
        let importing = try #require(Compiler.found).importing
        let outcome = try await Compiler.execute(
            ["swift-symbolgraph-extract", "-module-name", "Amaru", "-target", try await target()]
                + importing + ["-output-dir", folder.path]
        )
        try #require(outcome.succeeded, "\(outcome.diagnostics)")
    }

    /// The machine that this test was compiled for.
    private static func target() async throws -> String {
        struct Info: Decodable {
            struct Target: Decodable { let triple: String }
            let target: Target
        }
        let outcome = try await Compiler.execute(["swiftc", "-print-target-info"])
        return try JSONDecoder().decode(Info.self, from: Data(outcome.diagnostics.utf8))
            .target.triple
    }
}
