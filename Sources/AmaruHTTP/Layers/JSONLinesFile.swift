// A file that grows line by line.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file of JSON values, one on each line.
///
/// A line is written whole, with one call, before ``append(_:)`` returns: what a crash leaves
/// behind is a readable beginning.
final class JSONLinesFile: Sendable {
    private let descriptor: Int32
    private let path: String
    private let onFailure: @Sendable (String) -> Void
    private let hasFailed = NIOLockedValueBox(false)

    /// Creates a new file that only its owner can read, or opens a device such as `/dev/stderr`.
    ///
    /// - Throws: ``HTTPFileError`` if there is a file of that name, or the system refuses to make one.
    init(
        creating path: String,
        onFailure: @escaping @Sendable (String) -> Void
    ) throws(HTTPFileError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC
        var descriptor = open(path, flags, 0o600)
        if descriptor < 0, errno == EEXIST, let device = Self.device(path) { descriptor = device }
        self.descriptor = descriptor
        guard descriptor >= 0 else {
            let fault =
                errno == EEXIST
                ? "it already exists; name another file"
                : String(cString: strerror(errno))
            throw HTTPFileError(path: path, fault: fault)
        }
        self.path = path
        self.onFailure = onFailure
    }

    /// Opens a character device, to which there is nothing that could be overwritten; nil for any
    /// other file.
    private static func device(_ path: String) -> Int32? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else {
            errno = EEXIST
            return nil
        }
        return open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC)
    }

    /// Writes to a descriptor, such as standard error; it is closed at the end unless it is one of
    /// the three standard ones.
    init(
        descriptor: Int32,
        named path: String,
        onFailure: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.descriptor = descriptor
        self.path = path
        self.onFailure = onFailure
    }

    /// The program's standard error.
    static var standardError: JSONLinesFile {
        JSONLinesFile(descriptor: STDERR_FILENO, named: "standard error")
    }

    deinit {
        if descriptor > STDERR_FILENO { close(descriptor) }
    }

    /// Writes one value; after a failure, which is reported once, nothing more is written.
    func append(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard var line = try? encoder.encode(value) else { return }
        line.append(UInt8(ascii: "\n"))
        let fault: Int32? = hasFailed.withLockedValue { hasFailed in
            guard !hasFailed else { return nil }
            let fault = write(line)
            hasFailed = fault != nil
            return fault
        }
        if let fault {
            onFailure("\(path) is not complete: \(String(cString: strerror(fault)))")
        }
    }

    /// Returns the error number of a failure.
    private func write(_ line: Data) -> Int32? {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return errno
            }
        }
        return nil
    }
}

// Within the class, `write` is its own.
private let systemWrite = write as @Sendable (Int32, UnsafeRawPointer?, Int) -> Int

/// Why a recording or a trace cannot be written or read.
public struct HTTPFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The path of the file.
    public let path: String
    /// What is wrong with it.
    public let fault: String

    /// The path and what is wrong.
    public var description: String { "cannot use \(path): \(fault)" }
}
