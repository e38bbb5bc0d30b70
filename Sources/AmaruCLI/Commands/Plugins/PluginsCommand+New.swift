// `amaru plugins new NAME`.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PluginsCommand {
    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "new",
            abstract: "Make a plugin of ten lines to start from."
        )

        @Argument(help: "Its name: letters, digits and underscores.")
        var name: String

        func validate() throws {
            guard name.wholeMatch(of: /[A-Za-z][A-Za-z0-9_]*/) != nil else {
                throw ValidationError(
                    "\(name.debugDescription) is not a valid plugin name: use letters, digits and "
                        + "underscores, beginning with a letter."
                )
            }
        }

        func run() async throws { try await Report.exiting(make) }

        private func make() async throws {
            let folder = PluginsCommand.folder.url
            let file = folder.appending(path: "\(name).py")
            if FileManager.default.fileExists(atPath: file.path) {
                throw ValidationError("\(file.path) already exists: choose another name.")
            }
            try await PluginsCommand.startPython()
            let text: String = try await PythonActor.run { [name] in
                let isKeyword: Bool = try Python.import("keyword").iskeyword(name)
                guard !isKeyword else {
                    throw ValidationError(
                        "\(name) is a keyword of Python, which no module can be named after: choose "
                            + "another name."
                    )
                }
                return try Python.import("amaru.plugins").template(name)
            }
            do {
                try FileManager.default.createDirectory(
                    at: folder,
                    withIntermediateDirectories: true
                )
            } catch {
                throw Self.notMade(folder)
            }
            let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw Self.notMade(file) }
            defer { close(descriptor) }
            do {
                try Array(text.utf8).withUnsafeBytes { try PosixCall.writeAll($0, to: descriptor) }
            } catch {
                throw Self.notMade(file)
            }
            try Report.output("\(file.path)\n")
        }

        /// Says what the system refused, by the error that its last call left.
        private static func notMade(_ item: URL) -> CommandFailure {
            CommandFailure("\(item.path) cannot be made: \(String(cString: strerror(errno)))")
        }
    }
}
