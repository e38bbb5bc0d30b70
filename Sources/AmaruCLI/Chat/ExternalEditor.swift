// The user's own editor for the text of a line.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Edits a text with the program that `VISUAL` or `EDITOR` names, else with vi.
///
/// The caller has given the terminal back first. The text is in a file that only the user can read,
/// in a folder of its own, where what editors put beside it is removed with it.
struct ExternalEditor: Sendable {
    /// Why the text is as it was.
    struct Failure: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    let variables: [String: String]

    /// The command, with its arguments if it has any.
    private var command: (words: String, source: String) {
        for name in ["VISUAL", "EDITOR"] {
            if let words = variables[name], words.contains(where: { !$0.isWhitespace }) {
                return (words, name)
            }
        }
        return ("vi", "")
    }

    /// Returns the text as the editor left it, without the newline at its end.
    ///
    /// - `suffix`: The file name's extension, from which editors tell the language.
    func edit(_ text: String, suffix: String) async -> Result<String, Failure> {
        do {
            return .success(
                try await blockingCall("amaru-editor") { try run(on: text, suffix) }
            )
        } catch let failure as Failure {
            return .failure(failure)
        } catch {
            return .failure(Failure(description: "the text cannot be edited: \(error)"))
        }
    }

    private func run(on text: String, _ suffix: String) throws -> String {
        let base = variables["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
        let folder = try Self.makeFolder(in: base)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/amaru.\(suffix)"
        try Self.write(text + "\n", to: path)
        do {
            try edit(fileAt: path)
        } catch let failure as Failure {
            throw Failure(description: failure.description + "; the text is as it was")
        }
        return try Self.read(path)
    }

    /// Has the user edit a file; blocks until the editor has ended.
    ///
    /// - Throws: `Failure`, `PosixError`.
    func edit(fileAt path: String) throws {
        let end = try ForegroundProgram.run(
            executable: "/bin/sh",
            arguments: ["-c", shellCommand, "amaru", path],
            environment: variables
        )
        guard end == .ended(.exited(0)) else { throw failure(of: end) }
    }

    /// The command with the file after it; it may have arguments and quotes, so a shell must take
    /// it apart.
    ///
    /// A program with plain words takes the shell's place, so that it is seen if it stops itself.
    private var shellCommand: String {
        let call = #"\#(command.words) "$1""#
        let isPlain = command.words.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || "0123456789_-+./,:@%~'\"\\ \t".unicodeScalars.contains($0)
        }
        guard isPlain else { return call }
        // What the shell has built in is found without a slash, and may be no program.
        return "set -- \(call); "
            + #"case $(command -v -- "$1") in */*) exec "$@" ;; *) "$@" ;; esac"#
    }

    private func failure(of end: ForegroundProgram.End) -> Failure {
        let (words, source) = command
        let name = EscapeFilter.clean(words.replacing("\n", with: " "))
        let what =
            switch end {
            case .ended(.exited(127)) where source.isEmpty:
                "there is no editor vi: set VISUAL or EDITOR to one"
            case .ended(.exited(126)), .ended(.exited(127)):
                "the editor \(name) cannot be started: set \(source) to another one"
            case .ended(let status): "the editor \(name) ended with \(status)"
            case .stopped: "the editor \(name) was stopped, and has been ended"
            }
        return Failure(description: what)
    }

    private static func makeFolder(in base: String) throws -> String {
        var template = Array("\(base)/amaru-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw PosixError("create a folder in \(base)") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw PosixError("create \(path)") }
        defer { close(file) }
        try PosixCall.writeAll(text, to: file)
    }

    private static func read(_ path: String) throws -> String {
        let bound = KeyDecoder.pasteBound
        let bytes: [UInt8]
        do {
            bytes = try RegularFile(path).contents(atMost: bound)
        } catch let failure as RegularFile.Failure {
            let what =
                switch failure {
                case .unreadable: "the editor has removed its file"
                case .folder, .notRegular: "the editor has put no file in its file's place"
                case .tooLarge: "the edited text is longer than \(bound >> 20) MiB"
                }
            throw Failure(description: "\(what); the text is as it was")
        }
        let text = EscapeFilter.clean(String(decoding: bytes, as: UTF8.self))
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
