// Python's own parsers of responses, in a process of their own.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

/// One of Python's parsers of responses.
enum PythonParser: String {
    case httpClient = "http.client"
    case h11

    struct Response: Decodable {
        let status: Int
        let reason: String
        let body: String
        let fields: [[String]]
        let informational: [Int]
        let trailers: [[String]]
        /// The defects that http.client found and kept to itself.
        let notes: [String]
    }

    /// A response, or why there is none.
    struct Outcome: Decodable {
        let response: Response?
        let refusal: String?
    }

    private struct Answer: Decodable {
        let outcomes: [Outcome]?
        let missing: String?
    }

    struct Failure: Error {
        let result: AmaruProcess.Result
    }

    /// Has the parser read these responses, in which each character is a byte; the end of the
    /// connection follows each.
    ///
    /// Cancels the test if the parser is not installed.
    func outcomes(of responses: [(method: String, text: String)]) async throws -> [Outcome] {
        let folder = try TemporaryFolder()
        let pairs = responses.map { [$0.method, $0.text] }
        let input = String(decoding: try JSONEncoder().encode(pairs), as: UTF8.self)
        let source = try folder.write(input, to: "input.json")
        let target = folder.url.appending(path: "output.json")
        let script = Self.root.appending(path: "Tests/Peers/responses.py")
        let result = try await AmaruProcess.run(
            ["-B", script.path, rawValue, source.path, target.path],
            of: Self.interpreter,
            in: folder
        )
        guard let output = try? Data(contentsOf: target) else { throw Failure(result: result) }
        let answer = try JSONDecoder().decode(Answer.self, from: output)
        guard let outcomes = answer.outcomes else { try Test.cancel("\(answer.missing ?? "")") }
        return outcomes
    }

    private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized

    /// The interpreter of `make test-python`'s environment, which has h11, or else the system's.
    private static var interpreter: String {
        let own = root.appending(path: ".venv/bin/python").path
        return FileManager.default.isExecutableFile(atPath: own) ? own : "/usr/bin/python3"
    }
}
