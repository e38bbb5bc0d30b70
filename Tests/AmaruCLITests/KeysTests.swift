// Keys: options, variables that leave no trace, the hidden prompt.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruCLI

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite(.serialized, .timeLimit(.minutes(5))) struct KeysTests {
    @Test(
        "An option names a variable and perhaps an origin",
        arguments: [
            ("OPENAI_API_KEY", "OPENAI_API_KEY", nil),
            ("K@https://API.Example.com/", "K", "https://api.example.com"),
            ("K@api.example.com:8443", "K", "https://api.example.com:8443"),
            ("K@https://h:443", "K", "https://h"),
            ("_k2@http://127.0.0.1:80", "_k2", "http://127.0.0.1"),
            ("K@http://[::1]:8080", "K", "http://[::1]:8080"),
        ] as [(String, String, String?)]
    )
    func options(text: String, variable: String, origin: String?) throws {
        let option = try KeyOption(parsing: text)
        #expect(option.variable == variable)
        #expect(option.origin.map { "\($0)" } == origin)
    }

    @Test(
        "What is neither is refused",
        arguments: [
            "", "@https://h", "1K", "A-B", "K@", "K@ftp://h", "K@https://h/v1", "K@https://u:p@h",
            "K@https://h?x=1", "K@https://", "sk-abc", "Ké",
        ]
    )
    func badOptions(text: String) {
        #expect(throws: KeyOption.ParseError.self) { try KeyOption(parsing: text) }
    }

    #if os(Linux)
        @Test func `A taken variable is gone from the process, its initial block included`() async {
            setenv("AMARU_TEST_SECRET", "sk-initial-block", 1)
            setenv("AMARU_TEST_SECRET_TOO", "sk-longer-name", 1)
            await #expect(processExitsWith: .success) {
                func block() throws -> String {
                    let data = try #require(
                        FileManager.default.contents(atPath: "/proc/self/environ")
                    )
                    return String(decoding: data, as: UTF8.self)
                }
                try #require(try block().contains("sk-initial-block"))
                #expect(ProcessSecrets.take("AMARU_TEST_SECRET") == "sk-initial-block")
                #expect(getenv("AMARU_TEST_SECRET") == nil)
                #expect(ProcessInfo.processInfo.environment["AMARU_TEST_SECRET"] == nil)
                #expect(try !block().contains("sk-initial-block"))
                #expect(try block().contains("AMARU_TEST_SECRET_TOO=sk-longer-name"))
                #expect(ProcessSecrets.take("AMARU_TEST_SECRET") == nil)
            }
        }

        @Test func `A value that was set again leaves no trace of the first`() async {
            setenv("AMARU_TEST_SECRET", "sk-initial-block", 1)
            await #expect(processExitsWith: .success) {
                setenv("AMARU_TEST_SECRET", "sk-second", 1)
                #expect(ProcessSecrets.take("AMARU_TEST_SECRET") == "sk-second")
                let data = try #require(FileManager.default.contents(atPath: "/proc/self/environ"))
                let block = String(decoding: data, as: UTF8.self)
                #expect(!block.contains("sk-initial-block") && !block.contains("sk-second"))
            }
        }
    #endif

    @Test func `The prompt shows itself and not the key`() async throws {
        let terminal = try PseudoTerminal()
        async let key = HiddenPrompt.read("Key: ", terminal: terminal.path)
        try await terminal.waitFor("Key: ")
        #expect(!terminal.echoes)
        try terminal.send("sk-secrét\n")
        #expect(try await key == "sk-secrét")
        try await terminal.waitFor("\n")
        #expect(terminal.echoes)
        #expect(!terminal.output.contains("sk-"))
    }

    @Test func `The end of input is an error and the echo is back`() async throws {
        let terminal = try PseudoTerminal()
        let asking = Task { try await HiddenPrompt.read("Key: ", terminal: terminal.path) }
        try await terminal.waitFor("Key: ")
        try terminal.send("\u{4}")
        await #expect(throws: HiddenPrompt.Failure.endOfInput) { try await asking.value }
        #expect(terminal.echoes)
    }

    @Test func `A cancelled task asks no longer and the echo is back`() async throws {
        let terminal = try PseudoTerminal()
        let asking = Task { try await HiddenPrompt.read("Key: ", terminal: terminal.path) }
        try await terminal.waitFor("Key: ")
        asking.cancel()
        await #expect(throws: HiddenPrompt.Failure.cancelled) { try await asking.value }
        #expect(terminal.echoes)
    }

    @Test func `Without a terminal there is a clear error`() async {
        await #expect(throws: HiddenPrompt.Failure.noTerminal("/dev/null")) {
            try await HiddenPrompt.read("Key: ", terminal: "/dev/null")
        }
    }
}
