// A run of `amaru serve`, and a client of it.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

enum ServedCommand {
    /// A script that answers with the message.
    static let echo = """
        import amaru

        @amaru.reply
        async def reply(message):
            yield message

        """

    /// Starts a server at any free port, and waits until it answers.
    static func start(
        in folder: TemporaryFolder,
        _ arguments: String...,
        environment: [String: String?] = [:],
        isVerbose: Bool = true
    ) async throws -> (AmaruProcess, HTTPProbe) {
        let words = ["serve", "--port", "0"] + (isVerbose ? ["-v"] : []) + arguments
        let process = try AmaruProcess(words, in: folder, environment: environment)
        try await process.waitForOutput("/\n")
        let address = process.output.text.split(separator: "\n").first ?? ""
        let port = try #require(address.split(separator: ":").last?.dropLast())
        return (process, HTTPProbe(port: try #require(Int(port))))
    }

    /// Whether the server says that its script answers.
    static func isUp(_ probe: HTTPProbe, token: String? = nil) async throws -> Bool {
        let fields = token.map { ["Authorization: Bearer \($0)"] } ?? []
        let reply = try await probe.get("/metrics", fields)
        #expect(reply.status == 200)
        return reply.body.contains("amaru_script_up 1\n")
    }
}
