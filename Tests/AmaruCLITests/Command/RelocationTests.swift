// The command away from the folder that it was built in.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct RelocationTests {
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru.plugins, os, pyodide.ffi, sys
                places = [getattr(module, "__file__", None) for module in sys.modules.values()]
                if os.path.exists("/proc/self/maps"):
                    places += open("/proc/self/maps").read().split()
                print(*{place for place in places + sys.path if place and "/" in place}, sep="\\n")
                """,
                to: "script.py"
            )
        }

        /// Copies the command, and its Python files if they are to be found, to these places.
        @discardableResult
        func install(_ command: String, _ resources: String?) throws -> String {
            let files = FileManager.default
            let target = folder.url.appending(path: command)
            try files.createDirectory(
                at: target.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try TemporaryFolder.copyProgram(AmaruProcess.command, to: target.path)
            if let resources {
                let place = folder.url.appending(path: resources)
                try files.createDirectory(
                    at: place.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                let source = AmaruProcess.products.appending(path: AmaruProcess.resources)
                try files.copyItem(at: source, to: place)
            }
            return target.path
        }

        static let layouts = [
            ("moved/amaru", "moved/" + AmaruProcess.resources),
            ("prefix/bin/amaru", "prefix/share/amaru"),
        ]

        @Test(arguments: layouts)
        func `The command runs with the Python files that are with it, and no others`(
            _ command: String,
            _ resources: String
        ) async throws {
            let moved = try install(command, resources)
            let result = try await AmaruProcess.run(["run", "script.py"], of: moved, in: folder)
            #expect(result.errors == "")
            #expect(result.status == .exited(0))
            let places = result.output.split(separator: "\n")
            #expect(places.contains("\(folder.path)/\(resources)/amaru/__init__.py"))
            let built = AmaruProcess.products.path + "/"
            #expect(places.filter { $0.hasPrefix(built) } == [])
        }

        @Test func `The command runs through a symbolic link`() async throws {
            try install("moved/amaru", "moved/" + AmaruProcess.resources)
            let link = folder.url.appending(path: "linked")
            try FileManager.default.createSymbolicLink(
                at: link,
                withDestinationURL: folder.url.appending(path: "moved/amaru")
            )
            let result = try await AmaruProcess.run(
                ["run", "script.py"],
                of: link.path,
                in: folder
            )
            #expect(result.errors == "")
            #expect(result.output.contains("\(folder.path)/moved/"))
            #expect(result.status == .exited(0))
        }

        @Test(arguments: [["run", "script.py"], ["hello"], ["plugins", "new", "mine"]])
        func `Without its Python files the command names the places where they belong`(
            _ arguments: [String]
        ) async throws {
            let moved = try install("moved/amaru", nil)
            let result = try await AmaruProcess.run(arguments, of: moved, in: folder)
            #expect(
                result.errors.contains(
                    "The Python files of amaru were found in none of: \(folder.path)/moved/"
                        + "amaru_AmaruPython.resources, \(folder.path)/moved/"
                        + "amaru_AmaruPython.bundle, \(folder.path)/share/amaru. "
                        + "Copy the folder amaru_AmaruPython.resources together with the program.\n"
                ),
                "\(result)"
            )
            #expect(result.output == "")
            #expect(result.status == .exited(1))
        }

        @Test(
            .enabled("mount namespaces cannot be made here") {
                try await AmaruProcess.run(
                    ["--mount", "/bin/true"],
                    of: "/usr/bin/unshare",
                    in: try TemporaryFolder()
                ).status.isSuccess
            }
        )
        func `The command runs where the folder that it was built in is gone`() async throws {
            let moved = try install("moved/amaru", "moved/" + AmaruProcess.resources)
            // Only this process and its children see the empty folder.
            let hide = #"mount -t tmpfs none "$0" && [ ! -e "$0/amaru" ] && exec "$@""#
            let result = try await AmaruProcess.run(
                [
                    "--mount", "/bin/sh", "-c", hide, AmaruProcess.products.path,
                    moved, "run", "script.py",
                ],
                of: "/usr/bin/unshare",
                in: folder
            )
            #expect(result.errors == "")
            #expect(result.output.contains("\(folder.path)/moved/"))
            #expect(result.status == .exited(0))
        }
    }
}
