// A terminal for tests: what a program writes on it can be awaited, keys can be sent.
// SPDX-License-Identifier: Apache-2.0

public import AmaruChat
import Foundation
import Synchronization

#if canImport(Glibc)
    public import Glibc
#elseif canImport(Darwin)
    public import Darwin
#endif

/// A pseudo-terminal, with a program of its own on it or used by the test's process itself.
///
/// ```swift
/// let terminal = try PseudoTerminal()
/// try terminal.start("/bin/sh", ["-c", "read name; echo hello $name"])
/// try terminal.send("Ada\n")
/// try await terminal.waitFor("hello Ada")
/// #expect(try await terminal.waitForExit() == .exited(0))
/// ```
public final class PseudoTerminal: Sendable {
    /// Says what was waited for in vain, with all that was on the screen.
    public struct Failure: Error, CustomStringConvertible {
        /// What happened, and the screen.
        public let description: String
    }

    private struct State {
        var bytes: [UInt8] = []
        var matched = 0
        var hasEnded = false
        var waiting: (text: [UInt8], done: AsyncValue<Bool>)?
        var child: pid_t?
        var slave: Int32?
    }

    /// The path that programs open the terminal by.
    public let path: String

    private let master: Int32
    private let state: Mutex<State>
    private let ended = AsyncValue<ExitStatus>()

    /// Opens a terminal of this size.
    public init(columns: Int = 80, rows: Int = 24) throws {
        let pair = try PseudoTerminalPair()
        (master, path) = (pair.master, pair.path)
        state = Mutex(State(slave: pair.slave))
        resize(columns: columns, rows: rows)
        startThread("pty") { [master, weak self] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = buffer.withUnsafeMutableBytes { try? PosixCall.read(master, into: $0) }
                // An error means that no program has the terminal open any more.
                guard let count, count > 0, let self else { break }
                receive(buffer.prefix(count))
            }
            self?.end()
            close(master)
        }
    }

    deinit {
        if let child = state.withLock({ $0.child }), ended.current == nil { kill(-child, SIGKILL) }
        // Without an end that is open the reading thread ends, and closes the other one.
        if let slave = state.withLock({ $0.slave }) { close(slave) }
    }

    /// The terminal's other end, for use in this process; nil once a program was started.
    public var descriptor: Int32? { state.withLock { $0.slave } }

    /// All that was written on the terminal so far.
    public var output: String {
        state.withLock { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// The terminal's settings as they are now.
    public var settings: termios {
        var settings = termios()
        tcgetattr(master, &settings)
        return settings
    }

    /// Whether what is typed is shown by the terminal itself.
    public var echoes: Bool { settings.c_lflag & tcflag_t(ECHO) != 0 }

    /// Whether the terminal gives whole lines to programs.
    public var isCanonical: Bool { settings.c_lflag & tcflag_t(ICANON) != 0 }

    /// Starts a program in a session of its own, with this as its controlling terminal.
    ///
    /// - Parameter environment: its whole environment.
    public func start(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = ["PATH": "/usr/bin:/bin", "TERM": "xterm"]
    ) throws {
        let child = try spawnOnTerminal(path, executable, arguments, environment)
        state.withLock { state in
            state.child = child
            // The output ends when the last program closes it; this process must not be one.
            if let slave = state.slave { close(slave) }
            state.slave = nil
        }
        startThread("pty-wait") { [ended] in
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0 && errno == EINTR {}
            ended.set(ExitStatus(waitStatus: status))
        }
    }

    /// Types this text.
    public func send(_ text: String) throws {
        var text = text
        try text.withUTF8 {
            try PosixCall.writeAll(UnsafeRawBufferPointer($0), to: master)
        }
    }

    /// Types these bytes, which need not be UTF-8.
    public func send(bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try PosixCall.writeAll($0, to: master) }
    }

    /// Waits until the text appears behind the one that was waited for last.
    ///
    /// - Throws: `Failure` with the screen when the program ends or the time is over first.
    public func waitFor(_ text: String, timeout: Duration = .seconds(30)) async throws {
        let done = AsyncValue<Bool>()
        state.withLock { state in
            state.waiting = (Array(text.utf8), done)
            Self.match(&state)
        }
        let seconds = Double(timeout.components.seconds)
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { done.set(false) }
        guard try await done.wait() else {
            throw Failure(
                description: "\(text.debugDescription) did not appear; the screen was\n"
                    + output.debugDescription
            )
        }
    }

    /// Changes the window's size; the program gets SIGWINCH.
    public func resize(columns: Int, rows: Int) {
        var size = winsize()
        size.ws_col = UInt16(columns)
        size.ws_row = UInt16(rows)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Sends a signal to the program alone.
    public func signal(_ signal: Int32) {
        if let child = state.withLock({ $0.child }), ended.current == nil { kill(child, signal) }
    }

    /// Waits for the program's end.
    public func waitForExit() async throws -> ExitStatus {
        try await ended.wait()
    }

    private func receive(_ bytes: ArraySlice<UInt8>) {
        state.withLock { state in
            state.bytes += bytes
            Self.match(&state)
        }
    }

    private func end() {
        state.withLock { state in
            state.hasEnded = true
            Self.match(&state)
        }
    }

    private static func match(_ state: inout State) {
        guard let (text, done) = state.waiting else { return }
        if let found = state.bytes[state.matched...].firstRange(of: text) {
            state.matched = found.upperBound
            state.waiting = nil
            done.set(true)
        } else if state.hasEnded {
            state.waiting = nil
            done.set(false)
        }
    }
}
