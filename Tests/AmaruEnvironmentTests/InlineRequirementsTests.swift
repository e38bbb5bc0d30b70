// The packages that a file names in its own comments.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import Testing

@Suite struct InlineRequirementsTests {
    @Test(arguments: [
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
        ("# /// script\n# dependencies = [\"a\"\n# ///", []),
        ("# /// script\n# dependencies = [\"a\"]\n", []),
        ("# /// script\n# dependencies = [\"a\"]\nx = 1\n# ///", []),
        ("# /// script\n# other = [\"a\"]\n# ///", []),
        ("print('hello')", []),
        ("", []),
    ])
    func `The requirements of a block are found, and a malformed one has none`(
        source: String,
        requirements: [String]
    ) {
        #expect(InlineRequirements.find(in: source) == requirements)
    }
}
