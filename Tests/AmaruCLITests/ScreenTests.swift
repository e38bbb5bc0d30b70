// What the screen makes of events, without a terminal.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruTesting
import Testing

@testable import AmaruCLI

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite(.timeLimit(.minutes(10))) struct ScreenTests {
    @Test(arguments: [
        (0, "0"), (1, "0.1"), (400, "0.4"), (401, "0.5"), (1000, "1"), (2500, "2.5"),
        (9900, "9.9"), (9950, "10"), (10_100, "11"), (60_000, "60"),
    ])
    func `A delay below ten seconds is told in tenths`(_ milliseconds: Int, _ text: String) {
        #expect(Screen.seconds(.milliseconds(milliseconds)) == text)
    }

    @Test func `An answer that was stopped before its first word frees its writer`() async throws {
        let ends = try PosixCall.pipe()
        let screen = Screen(isConversation: false, variables: [:], output: ends.write)
        screen.stopAnswer()
        // More than a pipe takes, and nobody reads it.
        try await screen.show(.text(String(repeating: "-", count: 1 << 20)))
        let written = try OutputCapture(OpenDescriptor(ends.read))
        screen.allowAnswer()
        try await screen.show(.text("the next answer"))
        #expect(try await written.wait(for: "the next answer"))
        #expect(!written.text.contains("-"))
        screen.close()
        close(ends.write)
    }

    @Test func `What is said of an answer that was stopped is on the screen`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try Self.standardTerminal()
            let screen = Screen(isConversation: true, variables: [:])
            screen.stopAnswer()
            try await screen.show(.text("the answer"))
            try await screen.show(.notice("cleaned up"))
            try await terminal.waitFor("amaru: cleaned up")
            #expect(!terminal.output.contains("the answer"))
            screen.close()
        }
    }

    @Test(arguments: ["xterm", "dumb"])
    func `A warning of the network stands at the answer's end`(_ type: String) async {
        await #expect(processExitsWith: .success) { [type] in
            let terminal = try Self.standardTerminal()
            let screen = Screen(isConversation: false, variables: ["TERM": type])
            try await screen.show(.text("A paragraph"))
            screen.warn("the trace is not complete")
            while await screen.heldNotices == nil { await Task.yield() }
            if type == "dumb" { try await screen.show(.text(" that goes on")) }
            try await screen.endAnswer()
            screen.close()
            screen.warn("and this is said at once")
            try await terminal.waitFor("at once")
            var shown = TerminalScreen(columns: 80, rows: 24) { CellWidth.of($0) }
            shown.feed(terminal.output)
            let rest = type == "dumb" ? " that goes on" : ""
            let notices = "amaru: the trace is not complete\namaru: and this is said at once"
            #expect(shown.text == "A paragraph\(rest)\n\(notices)", "\(shown.text)")
        }
    }

    /// A terminal in the place of this process' input and outputs.
    private static func standardTerminal() throws -> PseudoTerminal {
        let terminal = try PseudoTerminal()
        let device = open(terminal.path, O_RDWR | O_NOCTTY)
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            dup2(device, descriptor)
        }
        return terminal
    }

    @Test(arguments: [["TERM": "dumb"], [:]])
    func `Plain text says that it waits`(_ variables: [String: String]) async {
        await #expect(processExitsWith: .success) { [variables] in
            let terminal = try Self.standardTerminal()
            let screen = Screen(
                isConversation: false,
                variables: variables,
                isPlain: true,
                plainPatience: .milliseconds(10)
            )
            await screen.wait { false }
            // It ends when there is no other line to come.
            await screen.awaited?.painter?.value
            try await screen.show(.text("Some words"))
            try await screen.endAnswer()
            screen.close()
            try await terminal.waitFor("words\r\n")
            let line = "amaru: still waiting for the answer; Ctrl-C stops it\r\n"
            #expect(terminal.output == line + "Some words\r\n")
        }
    }

    @Test(arguments: [["TERM": "dumb"], [:]])
    func `Plain text does not say that it waits after it has reported a stall`(
        _ variables: [String: String]
    ) async {
        await #expect(processExitsWith: .success) { [variables] in
            let terminal = try Self.standardTerminal()
            let screen = Screen(
                isConversation: false,
                variables: variables,
                isPlain: true,
                plainPatience: .seconds(3600)
            )
            await screen.wait { false }
            await screen.saysStalled("nothing has come")
            await screen.awaited?.painter?.value
            try await screen.show(.text("Some words"))
            try await screen.endAnswer()
            screen.close()
            try await terminal.waitFor("words\r\n")
            #expect(terminal.output == "amaru: nothing has come\r\nSome words\r\n")
        }
    }

    @Test func `What is said in the middle of a paragraph stands above it`() async {
        await #expect(processExitsWith: .success) {
            let terminal = try Self.standardTerminal()
            let screen = Screen(isConversation: false, variables: ["TERM": "xterm"])
            try await screen.show(.text("A paragraph"))
            try await screen.show(.notice("found something"))
            try await screen.show(.text(" that goes on"))
            try await screen.show(.notice("and more"))
            try await screen.endAnswer()
            try await terminal.waitFor("and more")
            screen.close()
            var shown = TerminalScreen(columns: 80, rows: 24) { CellWidth.of($0) }
            shown.feed(terminal.output)
            let lines = "amaru: found something\nA paragraph that goes on\namaru: and more"
            #expect(shown.text.hasPrefix(lines), "\(shown.text)")
        }
    }
}
