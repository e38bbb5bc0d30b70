// A terminal for tests: what a program writes on it can be awaited, keys can be sent.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A pseudo-terminal, for a program that is started on it or for the test's process itself.
///
/// ```swift
/// let terminal = try PseudoTerminal()
/// let shell = try AmaruProcess(["-c", "read name; echo hello $name"], of: "/bin/sh", on: terminal)
/// try terminal.send("Ada\n")
/// try await terminal.waitFor("hello Ada")
/// #expect(try await shell.end() == .exited(0))
/// ```
package final class PseudoTerminal: Sendable {
    /// What a program may change of a terminal.
    package struct Settings: Equatable, Sendable {
        /// Whether the terminal itself shows what is typed.
        package let echoes: Bool
        /// Whether programs get whole lines.
        package let isCanonical: Bool
        /// All flags, characters and speeds.
        private let all: [UInt8]

        fileprivate init(_ settings: termios) {
            echoes = settings.c_lflag & tcflag_t(ECHO) != 0
            isCanonical = settings.c_lflag & tcflag_t(ICANON) != 0
            all = withUnsafeBytes(of: settings) { Array($0) }
        }
    }

    /// The path that programs open the terminal by.
    package let path: String

    /// What was written on the terminal.
    package let screen: OutputCapture

    private let master: OpenDescriptor
    private let slave: Mutex<OpenDescriptor?>

    /// Opens a terminal.
    ///
    /// - Parameter pace: How fast it shows what is written.
    package init(columns: Int = 80, rows: Int = 24, pace: OutputCapture.Pace = .free) throws {
        let number = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard number >= 0 else { throw PosixError("open a pseudo-terminal") }
        master = OpenDescriptor(number)
        path = try Self.unlock(number)
        let other = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard other >= 0 else { throw PosixError("open \(path)") }
        slave = Mutex(OpenDescriptor(other))
        screen = try OutputCapture(master, pace: pace)
        resize(columns: columns, rows: rows)
    }

    // Without its other end open the reading thread ends.
    deinit { close() }

    /// Makes the other end usable and returns its path.
    private static func unlock(_ master: Int32) throws -> String {
        #if os(Linux)
            // Swift's Glibc module lacks unlockpt and ptsname; these are the calls inside them.
            var locked: Int32 = 0
            var number: UInt32 = 0
            guard
                ioctl(master, 0x4004_5431 /* TIOCSPTLCK */, &locked) == 0,
                ioctl(master, 0x8004_5430 /* TIOCGPTN */, &number) == 0
            else { throw PosixError("unlock a pseudo-terminal") }
            return "/dev/pts/\(number)"
        #else
            guard grantpt(master) == 0, unlockpt(master) == 0, let name = ptsname(master) else {
                throw PosixError("unlock a pseudo-terminal")
            }
            return String(cString: name)
        #endif
    }

    /// The end that programs use, for use in this process; nil after `close()`.
    package var descriptor: Int32? { slave.withLock { $0?.number } }

    /// Closes this process' end: the output ends when the last program closes the terminal.
    package func close() { slave.withLock { $0 = nil } }

    /// All that was written on the terminal so far.
    package var output: String { screen.text }

    /// The terminal's settings as they are now.
    package var settings: Settings {
        var settings = termios()
        tcgetattr(master.number, &settings)
        return Settings(settings)
    }

    /// Whether what is typed is shown by the terminal itself.
    package var echoes: Bool { settings.echoes }

    /// Whether the terminal gives whole lines to programs.
    package var isCanonical: Bool { settings.isCanonical }

    /// Types this text.
    package func send(_ text: String) throws {
        try PosixCall.writeAll(text, to: master.number)
    }

    /// Waits until the text appears behind the one that was waited for last.
    ///
    /// - Throws: `WaitFailure` with the screen when the program ends or the time is over first.
    package func waitFor(_ text: String) async throws {
        let isFound = try await bounded { try await self.screen.wait(for: text) }
        guard isFound == true else {
            throw WaitFailure("\(text.debugDescription) did not appear", output: output)
        }
    }

    /// Changes the window's size; the program gets SIGWINCH.
    package func resize(columns: Int, rows: Int) {
        var size = winsize()
        size.ws_col = UInt16(columns)
        size.ws_row = UInt16(rows)
        _ = ioctl(master.number, UInt(TIOCSWINSZ), &size)
    }
}
