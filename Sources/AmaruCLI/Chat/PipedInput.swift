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

    /// The message of a prompt and what was piped in after it.
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
            guard !hasPrompt || isData else { return [] }
            return try read(hasPrompt: hasPrompt)
        }
        guard bytes.count <= bound else {
            throw ValidationError(
                "Standard input holds more than \(bound >> 20) MiB: pipe less into amaru."
            )
        }
        let type = MediaType.of(bytes, name: "")
        if !MediaType.isText(type) {
            if MediaType.remedy(for: type, name: "") == nil {
                throw ValidationError(
                    "Standard input is of the type \(type): append -a - to attach it."
                )
            }
            guard !bytes.contains(0) else {
                throw ValidationError("Standard input is binary: pipe text into amaru.")
            }
            Report.line(
                "amaru: standard input has bytes that are not UTF-8; \u{FFFD} is sent for them"
            )
        }
        var piped = String(decoding: bytes, as: UTF8.self)
        while piped.last?.isNewline == true { piped.removeLast() }
        let parts = [prompt, piped].filter { !$0.allSatisfy(\.isWhitespace) }
        guard !parts.isEmpty else {
            throw ValidationError("No prompt: standard input is empty.")
        }
        if parts.count > 1, isShared {
            Report.line(
                "amaru: \(bytes.count) bytes of standard input go with the prompt; if they are not "
                    + "meant for it, append </dev/null to the command"
            )
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

    /// Whether the calling program has the same standard input, and may go on reading it.
    ///
    /// A loop of a shell that reads a pipe looks like a script that data were piped into.
    private static var isShared: Bool {
        var (own, callers) = (stat(), stat())
        return fstat(STDIN_FILENO, &own) == 0 && stat("/proc/\(getppid())/fd/0", &callers) == 0
            && own.st_dev == callers.st_dev && own.st_ino == callers.st_ino
    }

    /// Reads to the end, and says so if that takes long.
    ///
    /// - Returns: Nothing if there is a prompt, and not a byte comes in time.
    private static func read(hasPrompt: Bool) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var isSaid = false
        try withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 1) { buffer in
            while bytes.count <= bound {
                if !isSaid, !isReady(within: notice) {
                    isSaid = true
                    let rest = bytes.isEmpty ? "" : "the rest of "
                    Report.line("amaru: waiting for \(rest)standard input")
                    if hasPrompt, bytes.isEmpty, !isReady(within: patience) {
                        Report.line(
                            "amaru: nothing came on standard input: answering without it"
                        )
                        return
                    }
                }
                let count = try PosixCall.read(STDIN_FILENO, into: buffer)
                guard count > 0 else { return }
                bytes += buffer.prefix(count)
            }
        }
        return bytes
    }

    private static func isReady(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }
}
