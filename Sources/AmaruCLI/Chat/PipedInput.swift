// What is piped into `amaru`, as part of its one message.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import ArgumentParser

/// Standard input as data for a prompt.
enum PipedInput {
    /// The most that is read.
    private static let bound = 16 * 1024 * 1024
    /// Silence after which the user is told what is waited for, in milliseconds.
    private static let notice: Int32 = 1000
    /// Further silence after which a prompt goes without the data.
    private static let patience: Int32 = 4000

    /// The message of a prompt and what was piped in behind it.
    ///
    /// A prompt does without a pipe that stays silent: scripts often leave one open that is not
    /// meant for this program.
    ///
    /// - `prompt`: The words of the command line; may be empty.
    /// - Throws: `ValidationError` if there is no prompt at all, or standard input is too long or
    ///   not text; `PosixError` if it cannot be read.
    static func message(after prompt: String) async throws -> String {
        let hasPrompt = !prompt.isEmpty
        let bytes: [UInt8] = try await blockingCall("amaru-stdin") {
            guard !hasPrompt || isData, waits(hasPrompt: hasPrompt) else { return [] }
            return try PosixCall.readAll(STDIN_FILENO, atMost: bound)
        }
        guard bytes.count <= bound else {
            throw ValidationError(
                "Standard input holds more than \(bound >> 20) MiB: pipe less into amaru."
            )
        }
        guard !bytes.contains(0) else {
            throw ValidationError("Standard input is binary: pipe text into amaru.")
        }
        var piped = String(decoding: bytes, as: UTF8.self)
        while piped.last?.isNewline == true { piped.removeLast() }
        let parts = [prompt, piped].filter { !$0.allSatisfy(\.isWhitespace) }
        guard !parts.isEmpty else {
            throw ValidationError("No prompt: standard input is empty.")
        }
        return parts.joined(separator: "\n\n")
    }

    /// Whether standard input is a file or a pipe that the user may have given as data.
    ///
    /// A file that was read in part belongs to a loop in a shell script, which goes on reading it.
    private static var isData: Bool {
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0 else { return false }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return lseek(STDIN_FILENO, 0, SEEK_CUR) == 0
        case S_IFIFO, S_IFSOCK: return true
        default: return false
        }
    }

    /// Waits for the first byte or the end; returns false if neither comes in time.
    private static func waits(hasPrompt: Bool) -> Bool {
        if isReady(within: notice) { return true }
        Report.line("amaru: waiting for standard input")
        while !hasPrompt { if isReady(within: -1) { return true } }
        if isReady(within: patience) { return true }
        Report.line("amaru: nothing came on standard input: answering without it")
        return false
    }

    private static func isReady(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }
}
