// The lists that `--with` takes.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruCLI

@Suite struct RequirementListTests {
    @Test(
        "Commas divide packages, but not their versions, extras and markers",
        arguments: [
            ("numpy", ["numpy"]), ("a,b", ["a", "b"]), ("a, b ,", ["a", " b "]),
            ("a>=1,<2,b~=1.0,!=1.1", ["a>=1,<2", "b~=1.0,!=1.1"]),
            ("a[x,y]>=1,b[z]", ["a[x,y]>=1", "b[z]"]), ("a (>=1,<2),b", ["a (>=1,<2)", "b"]),
            ("a; python_version in '3.11,3.12',b", ["a; python_version in '3.11,3.12'", "b"]),
            ("./a.whl,/b.whl", ["./a.whl", "/b.whl"]), ("", [""]),
        ] as [(String, [String])]
    )
    func lists(text: String, packages: [String]) {
        #expect(ChatOptions.requirements(in: text) == packages)
    }
}
