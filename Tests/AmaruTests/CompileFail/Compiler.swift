// Compiles small programs against the built modules.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The Swift compiler, with what it needs to import the library as it was built for this test.
struct Compiler: Sendable {
    struct Outcome: Sendable {
        let succeeded: Bool
        let diagnostics: String
    }

    /// What a tool of the compiler needs to import the library.
    let importing: [String]
    private let arguments: [String]

    /// The compiler, or nil where it or the modules are not to be found.
    static let found = Compiler()

    private init?() {
        let modules = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "Modules")
        let sources = URL(fileURLWithPath: #filePath).appending(path: "../../../../Sources")
            .standardized
        let pythonMap = sources.appending(path: "CAmaruPython/module.modulemap").path
        // The build made the module map of the C target, which has none of its own.
        let bridgeMap = modules.appending(path: "../CAmaru.build/module.modulemap").standardized
            .path
        let files = FileManager.default
        guard files.fileExists(atPath: modules.appending(path: "Amaru.swiftmodule").path),
            files.fileExists(atPath: pythonMap), files.fileExists(atPath: bridgeMap),
            let flags = Self.run(["pkg-config", "--cflags-only-I", "python3-embed"]),
            flags.succeeded,
            Self.run(["swiftc", "--version"])?.succeeded == true
        else { return nil }
        let includes = flags.diagnostics.split(whereSeparator: \.isWhitespace)
            .flatMap { ["-Xcc", String($0)] }
        let features = [
            "ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault",
            "NonisolatedNonsendingByDefault",
        ]
        importing =
            ["-I", modules.path]
            + [pythonMap, bridgeMap].flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] } + includes
        // -emit-sil and not -typecheck: the checks of regions run on SIL.
        arguments =
            ["swiftc", "-emit-sil", "-o", "/dev/null", "-swift-version", "6"]
            + features.flatMap { ["-enable-upcoming-feature", $0] } + importing
            + ["-parse-as-library", "-module-name", "Program"]
    }

    /// Compiles a program that consists of one file.
    func compile(_ source: String) async throws -> Outcome {
        let folder = try TemporaryFolder()
        try folder.write(source, to: "Program.swift")
        let outcome = try await Self.execute(arguments + [folder.path + "/Program.swift"])
        withExtendedLifetime(folder) {}
        return outcome
    }

    /// Runs a command to its end, on a thread of its own.
    static func execute(_ arguments: [String]) async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detach {
                continuation.resume(
                    with: Result {
                        guard let outcome = run(arguments) else {
                            throw CocoaError(.executableLoad)
                        }
                        return outcome
                    }
                )
            }
        }
    }

    /// Runs a command to its end; all that it writes is in the outcome.
    private static func run(_ arguments: [String]) -> Outcome? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        guard (try? process.run()) != nil else { return nil }
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            succeeded: process.terminationStatus == 0,
            diagnostics: String(decoding: output, as: UTF8.self)
        )
    }
}
