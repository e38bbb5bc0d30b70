// Asks for a secret on the terminal without showing it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

enum HiddenPrompt {
    /// Why no secret was read.
    enum Failure: Error, Equatable, CustomStringConvertible {
        /// There is no terminal to ask on.
        case noTerminal(String)

        /// The task was cancelled, as by Ctrl-C.
        case cancelled

        /// The input ended before a line did.
        case endOfInput

        var description: String {
            switch self {
            case .noTerminal(let path):
                "there is no terminal to ask for the key on (\(path)); set the key's variable"
            case .cancelled: "the key was not entered"
            case .endOfInput: "the terminal's input ended before a key was entered"
            }
        }
    }

    /// The longest secret that is read.
    private static let bound = 64 * 1024

    /// Asks on the terminal itself, whatever the standard streams are, and reads one line.
    ///
    /// The terminal's echo is off while it waits, and is put back on every way out: an answer, the end
    /// of input, cancellation, and signals that end or stop the process.
    ///
    /// - Throws: `Failure`.
    static func read(_ prompt: String, terminal path: String = "/dev/tty") async throws -> String {
        let descriptor = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0, isatty(descriptor) == 1 else {
            if descriptor >= 0 { close(descriptor) }
            throw Failure.noTerminal(path)
        }
        defer { close(descriptor) }
        let wake = try WakeUp()
        defer { wake.close() }
        let resume = try WakeUp()
        defer { resume.close() }
        let mode = try TerminalMode(descriptor: descriptor) { $0.c_lflag &= ~tcflag_t(ECHO) }
        let continued = try SignalSource([SIGCONT])
        let stream = continued.signals
        let watch = Task.detached { for await _ in stream { resume.signal() } }
        let result = await withTaskCancellationHandler {
            try? await blockingCall("amaru-key") {
                JobControl.takeStops()
                JobControl.waitForForeground(on: descriptor)
                mode.enter(discardingInput: true)
                return Result {
                    try line(from: descriptor, asking: prompt, until: wake.readEnd, mode, resume)
                }
            }
        } onCancel: {
            wake.signal()
        }
        mode.leave()
        continued.cancel()
        await watch.value
        return try (result ?? .failure(Failure.cancelled)).get()
    }

    /// Reads a line until `wake` is readable; takes the terminal again when `resume` is.
    private static func line(
        from descriptor: Int32,
        asking prompt: String,
        until wake: Int32,
        _ mode: TerminalMode,
        _ resume: WakeUp
    ) throws -> String {
        try PosixCall.writeAll(prompt, to: descriptor)
        // The newline that the user typed was not shown either.
        defer { try? PosixCall.writeAll("\n", to: descriptor) }
        var bytes: [UInt8] = []
        defer { for index in bytes.indices { bytes[index] = 0 } }
        while bytes.count < bound {
            var entries = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
                pollfd(fd: resume.readEnd, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&entries, 3, -1) < 0 { continue }
            if entries[1].revents != 0 { throw Failure.cancelled }
            if entries[2].revents != 0 {
                // Continued after a stop, perhaps in the background.
                resume.clear()
                JobControl.waitForForeground(on: descriptor)
                mode.enter()
                try PosixCall.writeAll("\r" + prompt, to: descriptor)
                continue
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            defer { for index in buffer.indices { buffer[index] = 0 } }
            let count = buffer.withUnsafeMutableBytes {
                // A terminal that was hung up fails instead of ending.
                (try? PosixCall.read(descriptor, into: $0)) ?? 0
            }
            guard count > 0 else { throw Failure.endOfInput }
            bytes += buffer.prefix(count)
            if let end = bytes.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
                return String(decoding: bytes[..<end], as: UTF8.self)
            }
        }
        throw Failure.endOfInput
    }
}
