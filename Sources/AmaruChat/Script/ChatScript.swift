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

/// A Python script with its arguments: a file or a folder, a text, or a module.
public struct ChatScript: Sendable, Equatable, Codable {
    /// How `python` would be told to run it; what `__main__` says of itself depends on that.
    package enum Kind: String, Sendable, Codable {
        /// `python FILE`.
        case file
        /// `python FOLDER`, for its `__main__.py`.
        case folder
        /// `python -c TEXT`, or `python -`.
        case text
        /// `python -m MODULE`.
        case module
    }

    package let kind: Kind
    /// What `sys.argv[0]` is: the path as the user gave it, or the name of a module.
    public let path: String
    /// What tracebacks call it, and `__file__`: the absolute path of a file.
    ///
    /// Not simplified, since `..` after a symbolic link leads elsewhere; `python` does the same:
    /// https://docs.python.org/3/reference/import.html#file__
    public let filename: String
    /// What follows the path in `sys.argv`: bytes, which need not be UTF-8.
    public let arguments: [Data]
    /// The folder that was named to run what is in it; nil for anything else.
    public let folder: URL?
    /// The bytes of the script; empty for a module, which is found when it is run.
    package let contents: Data

    /// What of a folder is run, the first that is there.
    private static let mains = ["__main__.py", "main.py"]

    /// Reads the script at a path: a Python file, or a folder with a `main.py` or `__main__.py`.
    ///
    /// - Parameters:
    ///   - path: The path.
    ///   - archive: The archive that the folder was unpacked from, for `sys.argv[0]`; nil for none.
    ///   - arguments: What follows in `sys.argv`.
    /// - Throws: ``ChatScriptError``, which says what is wrong with the path.
    public init(
        path: String,
        from archive: String? = nil,
        arguments: [Data] = []
    ) throws(ChatScriptError) {
        guard let isFolder = Self.isFolder(path) else {
            let advice = path.contains("\u{FFFD}") ? " Rename it if its name is not UTF-8." : ""
            throw ChatScriptError("\(path): there is no such file or folder." + advice)
        }
        var file = path
        var kind = Kind.file
        if isFolder {
            let base = path.hasSuffix("/") ? path : path + "/"
            guard let main = Self.mains.first(where: { Self.isFolder(base + $0) == false }) else {
                throw ChatScriptError(
                    "\(path): the folder has no \(Self.mains.reversed().joined(separator: " or ")). "
                        + "Name the file that should run."
                )
            }
            file = base + main
            if main == "__main__.py" { kind = .folder }
        }
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0 else { throw Self.unreadable(file) }
        self.init(
            kind: kind,
            path: archive ?? (kind == .folder ? path : file),
            filename: file.hasPrefix("/")
                ? file : "\(FileManager.default.currentDirectoryPath)/\(file)",
            folder: isFolder ? URL(filePath: path) : nil,
            contents: try Self.read(descriptor, file),
            arguments: arguments
        )
    }

    /// Reads the script from standard input, to its end, as `python -` does.
    ///
    /// - Throws: ``ChatScriptError`` if it cannot be read, or is no text.
    public static func standardInput(
        arguments: [Data] = []
    ) throws(ChatScriptError) -> ChatScript {
        let contents = try read(STDIN_FILENO, "standard input")
        return ChatScript(
            kind: .text,
            path: "-",
            filename: "<stdin>",
            contents: contents,
            arguments: arguments
        )
    }

    /// Creates a script of a text, as `python -c` does.
    public init(code: String, arguments: [Data] = []) {
        self.init(
            kind: .text,
            path: "-c",
            filename: "<string>",
            contents: Data((code + "\n").utf8),
            arguments: arguments
        )
    }

    /// Creates a script of a module, which is looked for when it is run, as by `python -m`.
    public init(module: String, arguments: [Data] = []) {
        self.init(kind: .module, path: module, filename: module, arguments: arguments)
    }

    /// Creates an empty script, in which names are to be defined as in `python` without a script.
    public init() {
        self.init(kind: .text, path: "", filename: "<console>", arguments: [])
    }

    private init(
        kind: Kind,
        path: String,
        filename: String,
        folder: URL? = nil,
        contents: Data = Data(),
        arguments: [Data]
    ) {
        self.kind = kind
        self.path = path
        self.filename = filename
        self.folder = folder
        self.contents = contents
        self.arguments = arguments
    }

    /// The most that a script may have.
    private static let bound = 64 << 20

    private static func read(_ descriptor: Int32, _ name: String) throws(ChatScriptError) -> Data {
        // Not as a file of a known size: a shell's <(…) is a pipe.
        guard let contents = try? Data(PosixCall.readAll(descriptor, atMost: bound)) else {
            throw unreadable(name)
        }
        guard contents.count <= bound else {
            throw ChatScriptError("\(name): a script has at most \(bound >> 20) MiB.")
        }
        guard !contents.contains(0) else {
            throw ChatScriptError("\(name): this is a binary file and no Python script.")
        }
        return contents
    }

    private static func unreadable(_ name: String) -> ChatScriptError {
        ChatScriptError("\(name): cannot be read: \(String(cString: strerror(errno))).")
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

    package init(_ description: String) {
        self.description = description
    }
}
