// Which script a chat runs, and what it is made of.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A Python script on disk, with its arguments.
public struct ChatScript: Sendable, Equatable {
    /// The file that is executed as `__main__`.
    public let file: URL
    /// The path as the user gave it, for `sys.argv[0]`.
    public let path: String
    /// The absolute path, for `__file__` and tracebacks.
    ///
    /// Not simplified, since `..` behind a symbolic link leads elsewhere; `python` does the same:
    /// https://docs.python.org/3/reference/import.html#file__
    public var absolutePath: String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
    /// What follows the path in `sys.argv`: bytes, which need not be UTF-8.
    public let arguments: [Data]
    /// The folder that was named to run what is in it; nil for a file.
    public let folder: URL?
    /// The bytes of the file.
    package let contents: Data

    /// Reads the script at a path: a Python file, or a folder with a `main.py`.
    ///
    /// - Throws: ``ChatScriptError``, which says what is wrong with the path.
    public init(path: String, arguments: [Data] = []) throws(ChatScriptError) {
        guard let isFolder = Self.isFolder(path) else {
            throw ChatScriptError("\(path): there is no such file or folder.")
        }
        var file = URL(filePath: path)
        var shown = path
        folder = isFolder ? file : nil
        if isFolder {
            file.append(path: "main.py")
            shown = path.hasSuffix("/") ? path + "main.py" : path + "/main.py"
            guard Self.isFolder(file.path) != nil else {
                throw ChatScriptError(
                    "\(path): the folder has no main.py. Name the file that should run."
                )
            }
        }
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        // Not as a file of a known size: a shell's <(…) is a pipe.
        guard descriptor >= 0, let contents = try? Data(PosixCall.readAll(descriptor)) else {
            throw ChatScriptError("\(shown): cannot be read: \(String(cString: strerror(errno))).")
        }
        guard !contents.contains(0) else {
            throw ChatScriptError("\(shown): this is a binary file and no Python script.")
        }
        self.contents = contents
        self.file = file
        self.path = shown
        self.arguments = arguments
    }

    /// Whether there is a folder at a path; nil if there is nothing.
    private static func isFolder(_ path: String) -> Bool? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return status.st_mode & S_IFMT == S_IFDIR
    }
}

/// A script that cannot be run.
public struct ChatScriptError: Error, Sendable, CustomStringConvertible {
    /// What is wrong, and with which path.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
