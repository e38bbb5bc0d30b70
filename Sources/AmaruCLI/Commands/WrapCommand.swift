// `amaru wrap`: a Swift file with the types of a Python module.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruPython
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct WrapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wrap",
        abstract: "Write a Swift file whose functions have the types of a Python module's hints.",
        discussion: """
            amaru wrap stats.py --output Sources/App/Stats.swift

            The module is imported, and its public functions, classes, enums and constants are \
            declared in Swift; what has no type in Swift is an object, and its comment says so. \
            The program needs the library Amaru and, when it runs, the module on its search path.
            """
    )

    /// Who may use what the file declares.
    enum Access: String, ExpressibleByArgument, CaseIterable {
        case `public`, `internal`, package
    }

    @Argument(
        help: "The name of a module, or the path of its file.",
        completion: .file(extensions: ["py"])
    )
    var module: String

    @Option(
        name: [.short, .long],
        help: "The file to write (default: standard output).",
        completion: .file(extensions: ["swift"])
    )
    var output: String?

    @Option(help: "The name of the Swift type that stands for the module.")
    var name: String?

    @Option(help: "The access of the declarations.")
    var access = Access.internal

    @Flag(help: "Replace an output file that this command did not write.")
    var force = false

    @Option(help: "A Python package that the module needs. Repeatable.")
    var with: [String] = []

    func run() async throws {
        try await Report.exiting {
            if let output { try refuseToReplace(output) }
            try await startPython()
            let text = try await text()
            guard let output else { return try Report.output(text) }
            do {
                try Data(text.utf8).write(to: URL(filePath: output), options: .atomic)
            } catch {
                throw CommandFailure(
                    "\(output) cannot be written: check that its folder is there and writable"
                )
            }
        }
    }

    /// Refuses an output file that holds something else.
    private func refuseToReplace(_ path: String) throws {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        if isFolder { throw CommandFailure("\(path) is a folder: name a file in it") }
        if force { return }
        // One that cannot be read is not ours either.
        let found = (try? Data(contentsOf: URL(filePath: path))) ?? Data()
        guard found.starts(with: Self.mark.utf8) else {
            throw CommandFailure(
                "\(path) was not written by amaru wrap: name another file, or add --force to "
                    + "replace it"
            )
        }
    }

    /// How each file begins that the command writes.
    private static let mark = "// Written by `amaru wrap"

    private func startPython() async throws {
        let resources = try PythonResources()
        let variables = EnvironmentVariables.current
        var configuration = PythonConfiguration(
            searchPaths: [resources.root.path],
            bytecodeCache: UserFolder.cache(in: variables).appending(path: "bytecode").path
        )
        configuration.readsVariables = true
        configuration.environment = try await environment()?.root.path
        try await Python.start(configuration)
    }

    /// The environment with the packages that the module needs.
    private func environment() async throws -> PythonEnvironment? {
        if with.isEmpty { return nil }
        return try await EnvironmentCommand.builder.environment(
            for: EnvironmentRequest(requirements: with, interpreter: try .linked)
        ) { Report.line("amaru: \($0)") }
    }

    private static let refusal = PythonExceptionClass.named("amaru.wrap.WrapError")

    @PythonActor private func text() throws -> String {
        do {
            return try Python.import("amaru.wrap").wrapped(module, name ?? "", access.rawValue)
        } catch let error as PythonException where error.matches(Self.refusal) {
            throw CommandFailure(error.message)
        }
    }
}
