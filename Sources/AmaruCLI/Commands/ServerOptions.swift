// The options of commands that ask a server something else than a chat.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruHTTP
import ArgumentParser

struct ServerOptions: ParsableArguments {
    @Option(help: "The base URL of an OpenAI-compatible server, such as http://localhost:11434/v1.")
    var baseURL: String?

    @Option(
        help: "The variable that holds the key, NAME[@ORIGIN]. Repeatable.",
        transform: KeyOption.init(parsing:)
    )
    var keyEnv: [KeyOption] = []

    @Flag(help: "Send no key.")
    var noKey = false

    @OptionGroup(title: "Network options") var network: NetworkOptions

    mutating func validate() throws {
        baseURL = baseURL?.trimmed
        if let baseURL { try ChatOptions.check(baseURL, named: "--base-url") }
    }

    /// The program that these options make, with what they have in common with a chat's.
    ///
    /// - `model`: What `--model` of a chat would be.
    /// - Throws: As `Program.init`.
    func program(model: String? = nil) async throws -> Program {
        var options = try ChatOptions.parse([])
        options.model = model
        options.baseURL = baseURL
        options.keyEnv = keyEnv
        options.noKey = noKey
        options.network = network
        return try await Program(options, isConversation: false)
    }
}
