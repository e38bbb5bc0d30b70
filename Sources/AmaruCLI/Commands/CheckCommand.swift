// `amaru check`: what a script written for a page finds here.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import ArgumentParser

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
        help: "The script, or a folder of Python files.",
        completion: .file(extensions: ["py"])
    )
    var path: String

    func run() async throws {
        try await PluginsCommand.reporting {
            try await PluginsCommand.startPython()
            guard try await check() else { throw ExitCode(1) }
        }
    }

    /// Reports on each file; returns whether all that it uses is there.
    @PythonActor private func check() throws -> Bool {
        let module = try Python.import("amaru._check")
        var isWell = true
        for file: String in try module.files(path).converted(to: [String].self) {
            let findings: PythonObject
            do {
                findings = try module.findings(file)
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
