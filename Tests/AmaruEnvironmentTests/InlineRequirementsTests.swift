// The packages that a file names in its own comments.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import Foundation
import Testing

@Suite struct InlineRequirementsTests {
    static let table: [(source: String, requirements: [String])] = [
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
        ("# /// script\n# dependencies = [\"a\"\n# ///", []),
        ("# /// script\n# dependencies = [\"a, \n# 'b']\n# ///", []),
        ("# /// script\n# dependencies = [\"a\"]\n", []),
        ("# /// script\n# dependencies = [\"a\"]\nx = 1\n# ///", []),
        ("# /// script\n# other = [\"a\"]\n# ///", []),
        ("print('hello')", []),
        ("", []),
    ]

    @Test(arguments: table)
    func `The requirements of a block are found, and a malformed one has none`(
        source: String,
        requirements: [String]
    ) {
        #expect(InlineRequirements.find(in: source) == requirements)
    }

    @Test func `The chat's Python finds the same, or refuses the block`() async throws {
        let program = """
            import json, sys
            from amaru.plugins import faults, listing
            def find(source):
                try:
                    return listing.requirements_of(source.encode())
                except faults.Fault:
                    return []
            print(json.dumps([find(source) for source in json.loads(sys.argv[1])]))
            """
        let sources = try JSONEncoder().encode(Self.table.map(\.source))
        let child = try ChildProcess(
            executable: "/usr/bin/python3",
            arguments: ["-Bc", program, String(decoding: sources, as: UTF8.self)],
            environment: [
                "PYTHONPATH": URL(filePath: #filePath).appending(path: "../../../Python")
                    .standardizedFileURL.path
            ],
            standardError: .merged
        )
        let output = await child.standardOutput.reduce(into: "") { $0 += $1 }
        let found = try JSONDecoder().decode([[String]].self, from: Data(output.utf8))
        #expect(found == Self.table.map(\.requirements))
    }
}
