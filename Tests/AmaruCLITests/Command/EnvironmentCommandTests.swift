// `amaru env`.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite struct EnvironmentCommandTests {
        @Test func `Environments are listed, shown and removed`() async throws {
            let folder = try TemporaryFolder()
            let variables = ["XDG_CACHE_HOME": folder.path + "/cache", "PIP_NO_INDEX": "1"]
            func amaru(_ arguments: String...) async throws -> AmaruProcess.Result {
                try await AmaruProcess.run(arguments, in: folder, environment: variables)
            }
            let none = try await amaru("env")
            #expect(none.output == "")
            #expect(none.errors == "There are no environments.\n")
            try folder.write(
                "import micropip; micropip.add_mock_package('amaru-mock', '1.0')",
                to: "script.py"
            )
            #expect(try await amaru("run", "script.py").status == .exited(0))
            let list = try await amaru("env", "list")
            let cells = list.output.dropLast().split(separator: "\t")
            try #require(cells.count == 3, "\(list.output)")
            #expect(cells[2] == "in place of amaru_mock-1.0")

            let shown = try await amaru("env", "show", String(cells[0].prefix(8)))
            #expect(shown.output.hasPrefix("\(folder.path)/cache/amaru/environments/\(cells[0])\n"))
            #expect(shown.output.contains("\namaru_mock 1.0\n"))
            let wrong = try await amaru("env", "show", "zz")
            #expect(wrong.errors.contains("There is no environment zz."))
            #expect(wrong.status == .exited(1))

            #expect(try await amaru("env", "prune").errors == "There is nothing to remove.\n")
            let pruned = try await amaru("env", "prune", "--days", "-1")
            #expect(pruned.status == .exited(2))
            let name = String(cells[0])
            try folder.write(
                "# /// script\n# dependencies = []\n# ///\nprint(1)\n",
                to: "block.py"
            )
            #expect(try await amaru("run", "block.py").status == .exited(0))
            #expect(try await amaru("env", "remove", "").status == .exited(1))
            #expect(try await amaru("env", "remove", name).output == "removed \(name)\n")
            #expect(try await amaru("env", "clear").errors == "There is nothing to remove.\n")
            #expect(try await amaru("env").output == "")
            // With what was read of scripts, and the files of locks.
            for kind in ["environments", "metadata"] {
                let path = "\(folder.path)/cache/amaru/\(kind)"
                #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [], "\(kind)")
            }
        }
    }
}
