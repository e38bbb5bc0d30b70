// A session on real terminals and real pipes.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import struct Amaru.SignalAction

@testable import AmaruCLI

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension TerminalSession {
    /// Returns when the reading thread takes no more input, after `close()`.
    fileprivate func waitForReader() { reading.withLock { _ in } }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct TerminalSessionTests {
    /// A session on a new terminal, used by this process.
    func open() throws -> (terminal: PseudoTerminal, session: TerminalSession) {
        let terminal = try PseudoTerminal()
        let descriptor = try #require(terminal.descriptor)
        let session = try TerminalSession(
            input: descriptor,
            output: descriptor,
            environment: ["TERM": "xterm"]
        )
        return (terminal, session)
    }

    /// Ends a session before its terminal, which would otherwise go after its last use.
    ///
    /// The reading thread must be gone too, and all be written: the next terminal gets the same
    /// descriptors, and would lose what is typed there, or be typed what is left to write.
    func close(_ session: TerminalSession, on terminal: PseudoTerminal) {
        session.close()
        session.waitForReader()
        session.drainOutput(within: 10)
        withExtendedLifetime(terminal) {}
    }

    @Test func `A typed line is edited, drawn and returned`() async throws {
        let (terminal, session) = try open()
        #expect(session.isInteractive)
        #expect(!terminal.echoes && !terminal.isCanonical)
        async let line = session.readLine(LineRequest(prompt: "> "))
        try await terminal.waitFor("\u{1B}[?2004h")
        try await terminal.waitFor("> ")
        try terminal.send("helo\u{1B}[Dl\r")
        #expect(try await line == .line("hello"))
        try await terminal.waitFor("hello\r\n")
        session.close()
        session.waitForReader()
        try await terminal.waitFor("\u{1B}[?2004l")
        #expect(terminal.echoes && terminal.isCanonical)
        session.drainOutput(within: 10)
    }

    @Test func `What is typed ahead stays out of the answer and becomes the next lines`()
        async throws
    {
        let (terminal, session) = try open()
        defer { close(session, on: terminal) }
        try terminal.send("one\rtw")
        try await session.writeAnswer("the answer\n")
        try await terminal.waitFor("the answer\r\n")
        #expect(!terminal.output.contains("one"))
        #expect(try await session.readLine(LineRequest(prompt: "> ")) == .line("one"))
        async let second = session.readLine(LineRequest(prompt: "> "))
        try await terminal.waitFor("> tw")
        try terminal.send("o\r")
        #expect(try await second == .line("two"))
    }

    @Test func `Text written while a line is read appears above it`() async throws {
        let (terminal, session) = try open()
        defer { close(session, on: terminal) }
        async let line = session.readLine(LineRequest(prompt: "> "))
        try await terminal.waitFor("> ")
        try terminal.send("half")
        try await terminal.waitFor("half")
        try await session.writeAnswer("news")
        try await terminal.waitFor("\r\u{1B}[Knews\r\n> half")
        try terminal.send("\r")
        #expect(try await line == .line("half"))
    }

    @Test func `A line of 100,000 letters has no limit to hit`() async throws {
        let (terminal, session) = try open()
        defer { close(session, on: terminal) }
        let text = String(repeating: "abcdefghij", count: 10_000)
        async let line = session.readLine(LineRequest(prompt: "> "))
        let typing = Task.detached { try terminal.send("\u{1B}[200~\(text)\u{1B}[201~\r") }
        #expect(try await line == .line(text))
        try await typing.value
    }

    @Test func `Ctrl-D ends the input`() async throws {
        let (terminal, session) = try open()
        defer { close(session, on: terminal) }
        try terminal.send("\u{4}")
        #expect(try await session.readLine(LineRequest(prompt: "> ")) == .endOfInput)
    }

    @Test func `A cancelled reading keeps what was written`() async throws {
        let (terminal, session) = try open()
        defer { close(session, on: terminal) }
        let reading = Task { try await session.readLine(LineRequest(prompt: "> ")) }
        try terminal.send("half")
        try await terminal.waitFor("> half")
        reading.cancel()
        await #expect(throws: CancellationError.self) { try await reading.value }
        try terminal.send(" done\r")
        #expect(try await session.readLine(LineRequest(prompt: "> ")) == .line("half done"))
    }

    @Test func `Only one line is read at a time, and none after the end`() async throws {
        let (terminal, session) = try open()
        let reading = Task { try await session.readLine(LineRequest(prompt: "> ")) }
        try await terminal.waitFor("> ")
        await #expect(throws: TerminalError.self) {
            try await session.readLine(LineRequest(prompt: "? "))
        }
        close(session, on: terminal)
        #expect(try await reading.value == .endOfInput)
        await #expect(throws: TerminalError.self) {
            try await session.readLine(LineRequest(prompt: "? "))
        }
    }

    @Test func `A suspended session leaves the terminal to others`() async throws {
        let (terminal, session) = try open()
        defer { close(session, on: terminal) }
        session.suspend()
        #expect(terminal.echoes && terminal.isCanonical)
        session.resume()
        #expect(!terminal.echoes && !terminal.isCanonical)
    }

    @Test func `An interrupt gives up the line being read, once, and keeps what is typed next`()
        async throws
    {
        let (terminal, session) = try open()
        defer { close(session, on: terminal) }
        #expect(!session.interruptLine())
        async let line = session.readLine(LineRequest(prompt: "> "))
        try await terminal.waitFor("> ")
        try terminal.send("half")
        try await terminal.waitFor("half")
        #expect(session.interruptLine())
        try await terminal.waitFor("^C\r\n")
        #expect(try await line == .cleared)
        #expect(!session.interruptLine())
        try terminal.send("bye\r")
        #expect(try await session.readLine(LineRequest(prompt: "> ")) == .line("bye"))
    }

    @Test(
        "A signal that ends the process puts the terminal back first",
        arguments: [SIGTERM, SIGHUP, SIGABRT, SIGQUIT]
    )
    func fatalSignal(signal: Int32) async throws {
        let terminal = try PseudoTerminal()
        let descriptor = try #require(terminal.descriptor)
        let result = await #expect(processExitsWith: .failure) {
            [path = terminal.path as String, number = signal as Int32] in
            let descriptor = Glibc.open(path, O_RDWR | O_NOCTTY)
            let session = try TerminalSession(
                input: descriptor,
                output: descriptor,
                environment: ["TERM": "xterm"]
            )
            var settings = termios()
            tcgetattr(descriptor, &settings)
            guard settings.c_lflag & tcflag_t(ECHO) == 0 else { exit(0) }
            kill(getpid(), number)
            _ = try await session.readLine(LineRequest(prompt: ""))
        }
        #expect(result?.exitStatus == .signal(signal))
        #expect(terminal.echoes && terminal.isCanonical)
        try await terminal.waitFor("\u{1B}[?2004l")
        withExtendedLifetime(descriptor) {}
    }

    @Test(
        "Lines of a pipe come whole, whatever is in them",
        arguments: [
            ("one\ntwo\n", ["one", "two"]),
            ("one\r\n\ntwo", ["one", "", "two"]),
            ("", []),
            ("\n", [""]),
            ("a\u{0}b\n", ["a\u{0}b"]),
        ]
    )
    func pipe(text: String, lines: [String]) async throws {
        #expect(try await read(Array(text.utf8)) == lines)
    }

    @Test func `Broken bytes of a pipe are repaired and a long line is whole`() async throws {
        #expect(try await read([0x61, 0xFF, 0x62, 0x0A]) == ["a\u{FFFD}b"])
        let long = String(repeating: "x", count: 3_000_000)
        #expect(try await read(Array("\(long)\nend".utf8)) == [long, "end"])
    }

    @Test func `A hundred thousand short lines are all there`() async throws {
        let lines = (0..<100_000).map { "\($0)" }
        #expect(try await read(Array(lines.joined(separator: "\n").utf8)) == lines)
    }

    /// Sends bytes through a pipe to a session without a terminal and reads all its lines.
    private func read(_ bytes: [UInt8]) async throws -> [String] {
        let input = try PosixCall.pipe()
        let output = try PosixCall.pipe()
        defer { for end in [input.read, output.read] { Glibc.close(end) } }
        let drained = AsyncValue<Void>()
        try startThread("drain") {
            var bytes = [UInt8](repeating: 0, count: 65536)
            while Glibc.read(output.read, &bytes, bytes.count) > 0 {}
            drained.set(())
        }
        try startThread("feed") {
            try? bytes.withUnsafeBytes { try PosixCall.writeAll($0, to: input.write) }
            Glibc.close(input.write)
        }
        let lines = try await readLines(from: input.read, to: output.write)
        Glibc.close(output.write)
        await drained.waitRegardlessOfCancellation()
        return lines
    }

    /// Reads all lines by a session, which is gone afterwards with its duplicate of the output.
    private func readLines(from input: Int32, to output: Int32) async throws -> [String] {
        let session = try TerminalSession(
            input: input,
            output: output,
            environment: ["TERM": "xterm"]
        )
        #expect(!session.isInteractive)
        var lines: [String] = []
        while case .line(let line) = try await session.readLine(LineRequest(prompt: "> ")) {
            lines.append(line)
        }
        session.close()
        session.waitForReader()
        // The prompts must be out: the next test's terminal gets the same descriptors.
        session.drainOutput(within: 10)
        return lines
    }

    @Test func `A closed output is a typed error and no signal`() async throws {
        let ends = try PosixCall.pipe()
        Glibc.close(ends.read)
        defer { Glibc.close(ends.write) }
        let output = TerminalOutput(descriptor: ends.write)
        let result = try await output.postAnswer("x").wait()
        let error = #expect(throws: TerminalError.self) { try result.get() }
        #expect(error?.code == .outputClosed)
    }

    @Test func `Notices that the output does not take are dropped, and counted`() async throws {
        let (input, output) = try (PosixCall.pipe(), PosixCall.pipe())
        let session = try TerminalSession(
            input: input.read,
            output: output.write,
            environment: [:]
        )
        let notice = String(repeating: "n", count: 1023) + "\n"
        // Nobody reads them yet.
        let count = 1000
        for _ in 0..<count { session.post(notice) }
        let written = try OutputCapture(OpenDescriptor(output.read))
        session.drainOutput(within: 60)
        session.post("the next one\n")
        #expect(try await written.wait(for: "the next one\n"))
        let shown = written.text.split(separator: "\n").filter { $0.hasPrefix("n") }.count
        #expect(shown < count / 4)
        // Each time that there was room again the count began again.
        let dropped = written.text.matches(of: /amaru: (\d+) notices were not shown\n/)
            .compactMap { Int($0.1) }
        #expect(dropped.reduce(shown, +) == count)
        session.close()
        session.waitForReader()
        session.drainOutput(within: 10)
        for end in [input.read, input.write, output.write] { Glibc.close(end) }
    }

    @Test func `What a terminal has of an answer as that is stopped was not dropped`() throws {
        let ends = try PosixCall.pipe()
        defer { for end in [ends.read, ends.write] { Glibc.close(end) } }
        let output = TerminalOutput(descriptor: ends.write)
        for _ in 0..<2000 {
            _ = output.postAnswer("x")
            var letter: UInt8 = 0
            #expect(Glibc.read(ends.read, &letter, 1) == 1)
            output.stopAnswer()
            #expect(!output.hasDropped)
            output.allowAnswer()
        }
    }

    @Test func `A stopped answer frees its writer, and what is posted then is written`()
        async throws
    {
        let ends = try PosixCall.pipe()
        let output = TerminalOutput(descriptor: ends.write)
        // More than a pipe takes, and nobody reads it.
        let answer = output.postAnswer(String(repeating: "x", count: 1 << 20))
        output.stopAnswer()
        #expect(output.hasDropped)
        try await answer.wait().get()
        try await output.postAnswer("more of the answer").wait().get()
        output.post("prompt")
        let written = try OutputCapture(OpenDescriptor(ends.read))
        #expect(try await written.wait(for: "prompt"))
        #expect(!written.text.contains("more"))
        output.allowAnswer()
        try await output.postAnswer("the next answer").wait().get()
        #expect(try await written.wait(for: "the next answer"))
        Glibc.close(ends.write)
    }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct TerminalSignalTests {
    /// Signals that no other test watches: a terminal watches all that end a process.
    private static let (first, second) = (SIGURG, SIGTTIN)

    @Test func `Each signal arrives, at each source, until it is cancelled`() async throws {
        let first = try SignalSource([Self.first, Self.second])
        let second = try SignalSource([Self.first])
        var firstSignals = first.signals.makeAsyncIterator()
        var secondSignals = second.signals.makeAsyncIterator()
        // One after the other: the system merges equal signals that nobody has taken yet. To the
        // process, since threads of a pool block signals.
        for signal in [Self.first, Self.first, Self.second] {
            kill(getpid(), signal)
            #expect(await firstSignals.next() == signal)
        }
        for _ in 0..<2 { #expect(await secondSignals.next() == Self.first) }
        second.cancel()
        #expect(await secondSignals.next() == nil)
        kill(getpid(), Self.first)
        #expect(await firstSignals.next() == Self.first)
        first.cancel()
        #expect(SignalAction(current: Self.first).address == 0)
        #expect(SignalAction(current: Self.second).address == 0)
    }

    @Test func `A program started meanwhile has the default actions`() async throws {
        let source = try SignalSource([SIGUSR1])
        defer { source.cancel() }
        let child = try ChildProcess(
            executable: "/bin/sh",
            arguments: ["-c", "kill -USR1 $$; echo survived"],
            environment: [:]
        )
        #expect(try await child.exitStatus() == .signalled(SIGUSR1))
    }
}
