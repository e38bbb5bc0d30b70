// Where a script comes from, and how it is read.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruPython

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What `amaru run` is told to run.
enum ScriptSource: Equatable, Sendable {
    /// A file, a folder, or an archive.
    case path(String)
    /// A script or an archive on a server.
    case url(String)
    /// The whole of standard input.
    case standardInput
    /// A text.
    case code(String)
    /// A module that can be imported.
    case module(String)

    /// Takes a word of the command line apart.
    init(_ word: String) {
        let scheme = word.prefix { $0 != ":" }.lowercased()
        self =
            switch word {
            case "-": .standardInput
            case _ where ["http", "https"].contains(scheme) && word.contains("://"): .url(word)
            default: .path(Self.path(ofURL: word) ?? word)
            }
    }

    /// What it is called in the list of conversations.
    var name: String {
        switch self {
        case .path(let path): path
        // Behind the path there may be secrets.
        case .url(let url): String(url.prefix { $0 != "?" && $0 != "#" })
        case .standardInput: "-"
        case .code: "-c"
        case .module(let name): "-m \(name)"
        }
    }

    /// The path of a file's URL, as browsers and `curl` write it; nil for another word.
    private static func path(ofURL word: String) -> String? {
        let starts = ["file:///", "file://localhost/"]
        guard let start = starts.first(where: word.lowercased().hasPrefix) else { return nil }
        return URL(string: "file:///" + word.dropFirst(start.count))?.path
    }

    private static let archiveEndings = [
        ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar", ".zip", ".whl", ".pyz",
    ]

    /// Whether a file is an archive: by its name, or by its first bytes.
    static func isArchive(_ path: String) -> Bool {
        let name = path.lowercased()
        let isNamed = archiveEndings.contains { name.hasSuffix($0) }
        guard let start = start(ofFile: path) else { return false }
        // Of gzip, bzip2, xz and zip; that of a tar comes late.
        let marks: [[UInt8]] = [
            [0x1F, 0x8B], Array("BZh".utf8), [0xFD] + "7zXZ".utf8, Array("PK\u{3}\u{4}".utf8),
        ]
        return isNamed || marks.contains(where: start.starts)
            || start.dropFirst(257).starts(with: "ustar".utf8)
    }

    /// Whether a file begins with a tag, which neither Python code nor an archive does.
    static func isMarkup(_ path: String) -> Bool {
        guard let start = start(ofFile: path), !isArchive(path) else { return false }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = start.starts(with: mark) ? start.dropFirst(3) : start[...]
        return text.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "<")
    }

    /// The first bytes of a regular file; nil for anything else.
    static func start(ofFile path: String) -> [UInt8]? {
        try? RegularFile(path).start(512)
    }
}

/// A script that can be run, with the base of its relative URLs if that is not its folder.
struct FoundScript: Sendable {
    let script: ChatScript
    var base: String?
}

extension Program {
    /// Reads a script, after it was fetched or unpacked where that is needed.
    ///
    /// - Throws: `ChatScriptError`; `CancellationError`; `EnvironmentError` or the error of
    ///   `LinkedPython.interpreter` if archives cannot be unpacked.
    func script(_ source: ScriptSource, _ arguments: [Data]) async throws -> FoundScript {
        switch source {
        case .path(let path) where ScriptSource.isArchive(path):
            let folder = try await ready("unpacked", path, named: path)
            return FoundScript(
                script: try ChatScript(path: folder, from: path, arguments: arguments)
            )
        case .path(let path):
            return FoundScript(script: try ChatScript(path: path, arguments: arguments))
        case .url(let url):
            return try await fetchedScript(url, arguments)
        case .standardInput:
            // It blocks until the input ends.
            let script = try await interrupts.during({ [self] _ in leave(ProcessEnd.interrupted) })
            {
                try await blockingCall("amaru-stdin") {
                    try ChatScript.standardInput(arguments: arguments)
                }
            }
            return FoundScript(script: script)
        case .code(let code):
            return FoundScript(script: ChatScript(code: code, arguments: arguments))
        case .module(let name):
            return FoundScript(script: ChatScript(module: name, arguments: arguments))
        }
    }

    private func fetchedScript(_ url: String, _ arguments: [Data]) async throws -> FoundScript {
        let folder = try builder.makeScriptFolder()
        defer { builder.removeScriptFolder(folder) }
        trace("fetching \(url)")
        let download = ScriptDownload(url: url, network: network)
        let (file, base) = try await download.save(in: folder)
        if ScriptSource.isMarkup(file.path) {
            throw ChatScriptError(
                "\(url): the server sent a page of HTML or XML, and no script or archive. Name the "
                    + "file itself; of a file that a site shows, that is the link called raw."
            )
        }
        let place = try await ready("fetched", file.path, named: url)
        return FoundScript(script: try ChatScript(path: place, arguments: arguments), base: base)
    }

    /// Has the interpreter put an archive, or what was fetched, into the cache; returns its place.
    ///
    /// - `how`: `unpacked` for an archive, `fetched` for what may be a script too.
    /// - `name`: What messages call it.
    private func ready(_ how: String, _ file: String, named name: String) async throws -> String {
        let code = """
            import sys; sys.path.insert(0, sys.argv[1]); from amaru.archives.cache import main; \
            main(*sys.argv[2:])
            """
        let child = try ChildProcess(
            executable: try PythonInterpreterInfo.linked.path,
            arguments: ["-I", "-S", "-B", "-c", code, resources.root.path, how, file]
                + [builder.scriptsFolder.path],
            environment: variables
        )
        let result = try await child.output()
        guard result.status == .exited(0) else {
            throw ChatScriptError("\(name): \(result.errors.last ?? "\(result.status)").")
        }
        let place = result.lines.joined()
        guard builder.keepScript(at: place) else {
            throw ChatScriptError("\(name): another amaru has cleared the cache: start it again.")
        }
        return place
    }
}
