// What scripts and projects say about their needs.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite struct ScriptMetadataTests {
    private let shop: WheelShop

    init() throws { shop = try WheelShop() }

    private func read(_ source: String) async throws -> ScriptMetadata {
        try await shop.builder().metadata(
            ofScript: Data(source.utf8),
            named: "script.py",
            with: shop.interpreter
        )
    }

    @Test(
        "The requirements of a block are found",
        arguments: [
            ("# /// script\n# dependencies = [\"a>=1\", 'b']\n# ///\n", ["a>=1", "b"]),
            ("x = 1\n# /// script\r\n# dependencies=[\"a\"]\r\n# ///\r\n", ["a"]),
            (
                """
                # /// script
                # requires-python = ">=3.11"
                # dependencies = [
                #   "emoji[all]",  # a comment with "quotes" and ]
                #
                #   "rich",
                # ]
                # ///
                """, ["emoji[all]", "rich"]
            ),
            ("# /// script\n# dependencies = []\n# ///", []),
            (
                #"""
                # /// script
                # dependencies = ["a; python_version > \"3\"", 'b\']
                # [tool.x]
                # dependencies = ["c"]
                # ///
                """#, [#"a; python_version > "3""#, #"b\"#]
            ),
            ("# /// script\n# [tool.x]\n# dependencies = [\"c\"]\n# ///", []),
            ("# /// script\n# other = [\"a\"]\n# ///", []),
            ("print('hello')", []),
            ("", []),
        ]
    )
    func dependencies(source: String, requirements: [String]) async throws {
        #expect(try await read(source).dependencies == requirements)
    }

    @Test(
        "A block that cannot be read is an error that names the script and the fault",
        arguments: [
            ("# /// script\n# dependencies = [\"a\"\n# ///", "script.py"),
            ("# /// script\n# dependencies = \"a\"\n# ///", "not a list of strings"),
            ("# /// script\n# dependencies = [1]\n# ///", "not a list of strings"),
            ("# /// script\n# requires-python = 3\n# ///", "not a string"),
            ("# /// script\n# requires-python = \"three\"\n# ///", "not a list of versions"),
            ("# /// script\n# dependencies = [\"a\"]\n", "no end"),
            ("# /// script\n# dependencies = [\"a\"]\nx = 1\n# ///", "no end"),
            ("# /// script\n#\n# ///\nx = 1\n# /// script\n#\n# ///\n", "several blocks"),
        ]
    )
    func faults(source: String, words: String) async throws {
        for _ in 1...2 {
            let error = await #expect(throws: EnvironmentError.self) { try await read(source) }
            #expect(error?.code == .invalidRequirement)
            #expect(error?.message.hasPrefix("script.py: ") == true)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
    }

    @Test(
        "Versions of Python are compared as PEP 440 says",
        arguments: [
            (">=3.11", true), (">=3.11,<4", true), ("<3", false), (">3.99", false),
            ("==3.*", true), ("==2.*", false), ("!=3.*", false), ("~=3.0", true),
            ("~=2.7", false), (">=3.8, !=3.9.*", true), ("===3", false), ("<=3.99.9", true),
            ("", true),
        ]
    )
    func versions(specifier: String, fits: Bool) async throws {
        let found = try await read("# /// script\n# requires-python = \"\(specifier)\"\n# ///\n")
        #expect(found.requiresPython == specifier)
        #expect(found.fitsPython == fits)
    }

    @Test func `uv's indexes count, but for those of single packages`() async throws {
        let found = try await read(
            """
            # /// script
            # [tool.uv]
            # index-url = "https://one.example/simple"
            # extra-index-url = ["https://two.example/simple"]
            # [[tool.uv.index]]
            # url = "https://three.example/simple"
            # [[tool.uv.index]]
            # url = "https://four.example/simple"
            # explicit = true
            # ///
            """
        )
        let others = ["https://two.example/simple", "https://three.example/simple"]
        #expect(found.indexes == PackageIndexes(main: "https://one.example/simple", extra: others))
    }

    @Test func `uv's limits on versions count, or are named`() async throws {
        func limits(_ lines: String) async throws -> ResolutionLimits {
            let lines = lines.split(separator: "\n").map { "# \($0)\n" }.joined()
            return try await read("# /// script\n# [tool.uv]\n\(lines)# ///\n").limits
        }
        #expect(try await limits("") == ResolutionLimits())
        let constraints = try await limits("constraint-dependencies = ['a<2', 'b']")
        #expect(constraints == ResolutionLimits(constraints: ["a<2", "b"]))
        for date in ["2024-01-02", "'2024-01-02'"] {
            let newest = try await limits("exclude-newer = \(date)").excludeNewer
            #expect(newest == "2024-01-02")
        }
        let found = try await limits(
            "resolution = 'lowest'\nno-binary = true\nmanaged = false\nno-index = false\nprerelease = 'if-necessary-or-explicit'"
        )
        #expect(found.unsupported == ["resolution", "no-binary"])
        for wrong in ["constraint-dependencies = 'a'", "exclude-newer = 7", "exclude-newer = '-x'"]
        {
            await #expect(throws: EnvironmentError.self) { try await limits(wrong) }
        }
    }

    @Test func `A source of uv's is refused, since an index might have the name, too`()
        async throws
    {
        func source(_ dependency: String) -> String {
            """
            # /// script
            # dependencies = ["\(dependency)"]
            # [tool.uv.sources]
            # my-tool = { path = "../tool" }
            # ///
            """
        }
        let error = await #expect(throws: EnvironmentError.self) {
            try await read(source("My_Tool[x]>=1"))
        }
        #expect(error?.message.contains("My_Tool @ git+https") == true)
        #expect(try await read(source("my-tools")).dependencies == ["my-tools"])
    }

    @Test func `A project's needs are read from its file`() async throws {
        let file = try shop.folder.write(
            "[project]\nname = \"x\"\ndependencies = [\"a\"]\nrequires-python = \">=3.99\"\n",
            to: "pyproject.toml"
        )
        let found = try await shop.builder().metadata(ofProject: file, with: shop.interpreter)
        #expect(found.dependencies == ["a"])
        #expect(!found.fitsPython)
        let missing = shop.folder.url.appending(path: "missing.toml")
        await #expect(throws: EnvironmentError.self) {
            try await shop.builder().metadata(ofProject: missing, with: shop.interpreter)
        }
    }

    @Test func `What was read once is read again without a process`() async throws {
        let source = "# /// script\n# dependencies = [\"a\"]\n# ///\n"
        _ = try await read(source)
        let nowhere = PythonInterpreterInfo(path: "/nowhere", version: shop.interpreter.version)
        let again = try await shop.builder().metadata(
            ofScript: Data(source.utf8),
            named: "other.py",
            with: nowhere
        )
        #expect(again.dependencies == ["a"])
    }

    @Test func `The chat's Python finds the same in a plugin, or refuses the block`() async throws {
        let program = """
            import json, sys
            from amaru.plugins import faults, listing
            def find(source):
                try:
                    return listing.requirements_of(source.encode())
                except faults.Fault:
                    return None
            print(json.dumps([find(source) for source in json.loads(sys.argv[1])]))
            """
        let sources = [
            "# /// script\n# dependencies = [\"a>=1\", 'b']\n# ///\n",
            "# /// script\n# dependencies = [\"a\"\n# ///", "print('hello')",
        ]
        let child = try ChildProcess(
            executable: "/usr/bin/python3",
            arguments: [
                "-Bc", program, String(decoding: try JSONEncoder().encode(sources), as: UTF8.self),
            ],
            environment: [
                "PYTHONPATH": URL(filePath: #filePath).appending(path: "../../../Python")
                    .standardizedFileURL.path
            ],
            standardError: .merged
        )
        let output = await child.standardOutput.reduce(into: "") { $0 += $1 }
        let found = try JSONDecoder().decode([[String]?].self, from: Data(output.utf8))
        #expect(found == [["a>=1", "b"], nil, []])
    }

    @Test func `Files of requirements count with what they name`() async throws {
        try await shop.makeWheel("amaru_one", "1.0")
        try await shop.makeWheel("amaru_one", "2.0")
        let file = try shop.folder.write("amaru-one\n-climits.txt\n", to: "requirements.txt")
        try shop.folder.write("amaru-one<2\n", to: "limits.txt")
        var request = shop.request([])
        request.requirementFiles = [file.path]
        let first = request.key
        let made = try await shop.builder().environment(for: request)
        let version = "import amaru_one; print(amaru_one.version)"
        #expect(try await shop.run(made, version) == ["1.0"])

        try shop.folder.write("amaru-one<3\n", to: "limits.txt")
        #expect(request.key != first)
        let other = try await shop.builder().environment(for: request)
        #expect(try await shop.run(other, version) == ["2.0"])

        // Lines that go on, as pip joins them; a comment ends one.
        let lines = "amaru-one\\\n#no\n-c \\\n  limits.txt  # yes\n"
        try shop.folder.write(lines, to: "requirements.txt")
        let joined = request.key
        try shop.folder.write("amaru-one<2\n", to: "limits.txt")
        #expect(request.key != joined)
        #expect(RequirementsFile.requirements(of: [file.path]) == ["amaru-one"])

        request.requirementFiles = [shop.folder.path + "/missing.txt"]
        let error = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().environment(for: request)
        }
        #expect(error?.message.contains("missing.txt") == true)
    }
}
