// The key of an environment: what counts in it and what does not.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruEnvironment

@Suite struct EnvironmentRequestTests {
    static let interpreter = PythonInterpreterInfo(path: "/usr/bin/python3", version: "3.11.2")

    func key(
        _ requirements: [String],
        _ interpreter: PythonInterpreterInfo = interpreter
    ) -> String {
        EnvironmentRequest(requirements: requirements, interpreter: interpreter).key
    }

    @Test(
        "Requirements that mean the same have one key",
        arguments: [
            (["openai>=3", "pluggy"], ["pluggy", "openai>=3"]),
            (["openai >= 3"], ["openai>=3"]),
            (["Typing_Extensions"], ["typing-extensions"]),
            (["zope.interface [test] >1 , <2"], ["zope-interface[test]>1,<2"]),
            (["  a  ", "", "a"], ["a"]),
            (["a>1 ; python_version > '3'"], ["a>1; python_version > '3'"]),
        ]
    )
    func sameKey(left: [String], right: [String]) {
        #expect(key(left) == key(right))
    }

    @Test(
        "Requirements that differ have different keys",
        arguments: [
            (["a==1"], ["a==2"]),
            (["a", "b"], ["a"]),
            (["a[x]"], ["a[y]"]),
            (["https://h/A.whl"], ["https://h/a.whl"]),
            (["a @ https://h/x y"], ["a @ https://h/xy"]),
            (["git+https://h/A"], ["git+https://h/a"]),
        ]
    )
    func differentKey(left: [String], right: [String]) {
        #expect(key(left) != key(right))
    }

    @Test func `The interpreter's path and full version count`() {
        let plain = key(["a"])
        #expect(plain != key(["a"], PythonInterpreterInfo(path: "/x/python3", version: "3.11.2")))
        #expect(
            plain != key(["a"], PythonInterpreterInfo(path: "/usr/bin/python3", version: "3.11.7"))
        )
    }

    @Test(
        "What an installer would read as an option is refused",
        arguments: ["--index-url=http://evil", "-r/etc/passwd", " -e .", "a\n--pre"]
    )
    func optionsRefused(text: String) {
        let request = EnvironmentRequest(requirements: [text], interpreter: Self.interpreter)
        let error = #expect(throws: EnvironmentError.self) { try request.validate() }
        #expect(error?.code == .invalidRequirement)
    }
}
