// A home with settings of its own, for runs of the command.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation

/// A user's home, configuration and cache.
struct ConfiguredFolder: Sendable {
    let folder: TemporaryFolder
    var variables: [String: String?]

    /// Makes a home; with settings if any are given.
    init(_ settings: String? = nil) throws {
        folder = try TemporaryFolder()
        variables = ["XDG_CACHE_HOME": folder.path + "/cache"]
        if let settings { try folder.write(settings, to: "config/amaru/config.toml") }
    }

    var path: String { folder.path + "/config/amaru/config.toml" }

    /// Runs the command to its end; the home is FOLDER in what it wrote.
    func amaru(
        _ arguments: String...,
        input: String = "",
        environment: [String: String?] = [:]
    ) async throws -> AmaruProcess.Result {
        var result = try await AmaruProcess.run(
            arguments,
            input: input,
            in: folder,
            environment: variables.merging(environment) { $1 }
        )
        result.output = result.output.replacing(folder.path, with: "FOLDER")
        result.errors = result.errors.replacing(folder.path, with: "FOLDER")
        return result
    }

    /// The files below the home that hold a text.
    func files(with text: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: folder.path)
        let names = found?.compactMap { $0 as? String } ?? []
        return names.filter { name in
            let bytes = FileManager.default.contents(atPath: "\(folder.path)/\(name)") ?? Data()
            return bytes.firstRange(of: Data(text.utf8)) != nil
        }.sorted()
    }
}

extension ScriptedServer {
    /// Starts a server that has these models, and answers in a chat.
    static func withModels(
        _ models: [String],
        answering answer: ScriptedResponse = .chat("fine")
    ) async throws -> ScriptedServer {
        let server = ScriptedServer { request, _ in
            guard request.path.hasSuffix("/models") else { return answer }
            let list = models.map { #"{"id": "\#($0)"}"# }.joined(separator: ", ")
            return .json(#"{"object": "list", "data": [\#(list)]}"#)
        }
        try await server.start()
        return server
    }
}
