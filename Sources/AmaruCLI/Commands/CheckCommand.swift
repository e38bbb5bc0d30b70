// `amaru check`: what a script written for a page finds here.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "List what a script uses of Pyodide and JavaScript, without running it.",
        discussion: """
            Each line is a name with its place and its verdict: works, works differently, or refused.
            Exit codes: 0 nothing is refused, 1 something is, or cannot be read.
            """
    )

    @Argument(
        help: """
            The script, a folder of Python files, an archive, an http(s) URL of one, or - for \
            standard input.
            """,
        completion: .file(extensions: ["py"])
    )
    var path: String

    func run() async throws {
        try await Report.exiting {
            let place = try await place()
            try await PluginsCommand.startPython()
            guard try await check(place) else { throw ExitCode(1) }
        }
    }

    /// What is read, and what the report calls it.
    private struct Place {
        var path: String
        var name: String
        /// The source itself, if it is in no file.
        var source: Data?
    }

    /// Fetches or unpacks the script where that is needed.
    ///
    /// - Throws: `CommandFailure` if that fails; `CancellationError`.
    private func place() async throws -> Place {
        let source = ScriptSource(path)
        if case .path(let path) = source, !ScriptSource.isArchive(path) {
            return Place(path: path, name: path)
        }
        let program = try await Program(try ChatOptions.parse([]))
        do {
            let script = try await program.script(source, []).script
            if source == .standardInput {
                return Place(path: path, name: path, source: script.contents)
            }
            return Place(path: script.folder?.path ?? script.filename, name: path)
        } catch let error as ChatScriptError {
            throw CommandFailure("\(error)")
        }
    }

    /// Reports on each file; returns whether all that it uses is there.
    @PythonActor private func check(_ place: Place) throws -> Bool {
        let module = try Python.import("amaru._check")
        var isWell = true
        let paths: [String] =
            try place.source == nil ? module.files(place.path).converted() : [place.path]
        for path in paths {
            let file = place.name + path.dropFirst(place.path.count)
            let findings: PythonObject
            do {
                findings = try module.findings(path, place.source)
            } catch let error as PythonException where error.isInstance(of: "SyntaxError") {
                Report.line("amaru: \(file): this is not Python: \(error.message)")
                isWell = false
                continue
            } catch let error as PythonException where error.isInstance(of: "OSError") {
                Report.line("amaru: \(file) cannot be read: \(error.message)")
                isWell = false
                continue
            }
            let iterator = try findings.makeIterator()
            while let finding = try iterator.next() {
                let (name, verdict, note): (String, String, String) = try (
                    finding.name.converted(), finding.verdict.converted(), finding.note.converted()
                )
                let line: Int = try finding.line.converted()
                let place = "\(file):\(line)"
                let end = note.isEmpty ? "" : "\t\(note)"
                try Report.output("\(place)\t\(name)\t\(verdict)\(end)\n")
                isWell = isWell && verdict != "refused"
            }
        }
        return isWell
    }
}
