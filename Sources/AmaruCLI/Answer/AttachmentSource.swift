// Reads what is to be attached, and refuses what cannot be sent, before anything is.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import AmaruStore
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Makes attachments of paths, URLs and standard input.
///
/// Its errors are `AttachmentError`: what is wrong with which file, and what to do.
enum AttachmentSource {
    /// The most that one file, and all of a message, may hold.
    static let bound = 20 << 20
    static let whole = 40 << 20

    /// Whether a word names something on a server.
    static func isURL(_ word: String) -> Bool {
        let start = word.prefix(8).lowercased()
        return start.hasPrefix("http://") || start.hasPrefix("https://")
    }

    /// Reads all that the words name.
    ///
    /// - Throws: `AttachmentError`; `CancellationError`.
    static func attachments(_ words: [String], network: HTTPStack) async throws -> [Attachment] {
        var files: [Attachment] = []
        for word in words {
            files.append(try await attachment(word, network: network))
            let size = files.reduce(0) { $0 + $1.bytes.count }
            guard size <= whole else {
                throw AttachmentError(
                    "the attachments have \(mebibytes(size)), and a message may have "
                        + "\(mebibytes(whole)): attach less"
                )
            }
        }
        return files
    }

    private static func attachment(_ word: String, network: HTTPStack) async throws -> Attachment {
        if word == "-" {
            let bytes = try await blockingCall("amaru-stdin") {
                try PosixCall.readAll(STDIN_FILENO, atMost: bound)
            }
            return try checked(bytes, name: "stdin", at: "standard input")
        }
        guard isURL(word) else {
            let bytes = try await blockingCall("amaru-attach") {
                try AttachmentSource.bytes(ofFile: word, atMost: bound)
            }
            return try checked(bytes, name: URL(filePath: word).lastPathComponent, at: word)
        }
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "amaru-attach-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let download = ScriptDownload(
            url: word,
            network: network,
            bound: bound,
            standardName: "attachment"
        )
        do {
            let (file, _) = try await download.save(in: folder)
            let bytes = try bytes(ofFile: file.path, atMost: bound)
            return try checked(bytes, name: file.lastPathComponent, at: word)
        } catch let error as ChatScriptError {
            throw AttachmentError("\(error)")
        }
    }

    private static func checked(
        _ bytes: [UInt8],
        name: String,
        at place: String
    ) throws -> Attachment {
        guard bytes.count <= bound else { throw tooLarge(place, bound) }
        guard !bytes.isEmpty else {
            throw AttachmentError("\(place) is empty: nothing is attached")
        }
        let type = MediaType.of(bytes, name: name)
        if let remedy = MediaType.remedy(for: type, name: name) {
            throw AttachmentError("\(place) is \(words(for: type)), which is not sent: \(remedy)")
        }
        return Attachment(name: name, mediaType: type, bytes: Data(bytes))
    }

    private static func words(for type: String) -> String {
        type == "application/octet-stream" ? "binary" : "of the type \(type)"
    }

    /// Reads a file, or fails at once for anything else: a folder, a device, a pipe.
    ///
    /// - Throws: `AttachmentError`.
    static func bytes(ofFile path: String, atMost bound: Int) throws -> [UInt8] {
        do {
            return try RegularFile(path).contents(atMost: bound)
        } catch let failure as RegularFile.Failure {
            switch failure {
            case .unreadable(let code):
                throw AttachmentError("\(path): \(String(cString: strerror(code)))")
            case .folder: throw AttachmentError("\(path) is a folder: name a file in it")
            case .notRegular: throw AttachmentError("\(path) is not a regular file")
            case .tooLarge: throw tooLarge(path, bound)
            }
        }
    }

    private static func tooLarge(_ place: String, _ bound: Int) -> AttachmentError {
        AttachmentError(
            "\(place) has more than \(mebibytes(bound)), which is too much: make it smaller, or take "
                + "a part of it"
        )
    }

    private static func mebibytes(_ count: Int) -> String { "\((count + (1 << 20) - 1) >> 20) MiB" }

    /// A file's name, type and size, for a person.
    static func summary(of file: Attachment) -> String {
        summary(of: StoredFile(file))
    }

    /// The same of a file that was kept.
    static func summary(of file: StoredFile) -> String {
        let count = file.size
        let size =
            switch count {
            case ..<1000: "\(count) bytes"
            case ..<1_000_000: "\((count + 500) / 1000) kB"
            default: "\((count + 500_000) / 1_000_000) MB"
            }
        return "\(file.name) (\(file.mediaType), \(size))"
    }
}

/// Why something is not attached, and what to do.
struct AttachmentError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
