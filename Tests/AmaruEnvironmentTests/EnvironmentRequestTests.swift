// The key of an environment: what counts in it and what does not.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
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

    @Test func `What is made on one machine is not found on another`() async throws {
        let shop = try WheelShop()
        let text = "lock-version = '1.0'\ncreated-by = 'x'\npackages = []"
        let file = try shop.folder.write(text, to: "pylock.toml")
        var other = Self.interpreter
        other.machine = "Linux riscv64"
        #expect(Self.interpreter.machine.split(separator: " ").count == 2)
        let keys: [(PythonInterpreterInfo) -> String] = [
            { EnvironmentRequest(requirements: ["a"], interpreter: $0).key },
            { EnvironmentChange().key($0) },
            { EnvironmentLock(requirements: [], packages: []).key($0) },
            { shop.builder().pipEntry(for: $0).name },
        ]
        for key in keys { #expect(key(Self.interpreter) != key(other)) }

        var request = EnvironmentRequest(requirements: [], interpreter: shop.interpreter)
        let builder = shop.builder()
        let answers = {
            try FileManager.default.contentsOfDirectory(atPath: builder.metadataFolder.path).count
        }
        _ = try await builder.lock(at: file, for: request)
        _ = try await builder.lock(at: file, for: request)
        #expect(try answers() == 1)
        request.interpreter.machine = other.machine
        _ = try await builder.lock(at: file, for: request)
        #expect(try answers() == 2)
    }

    @Test(
        "Blanks that break a name or a version are not hidden",
        arguments: [
            "id na==3.7", "idna==3 .7", "idna == 3. 7", "id\tna==3.7", "idna==3. *", "idna = =3.7",
            "idna> =3", "idna==1 !2",
        ]
    )
    func blanks(text: String) {
        func key(_ text: String) -> String {
            EnvironmentRequest(requirements: [text], interpreter: Self.interpreter).key
        }
        #expect(key(text) != key(text.filter { !$0.isWhitespace }))
    }

    @Test(
        "Blanks between the parts of a requirement don't count",
        arguments: [
            "idna == 3.7", " idna ==3.7 ", "IDNA== 3.7", "idna[ x ] == 3.7", "idna (==3.7)",
        ]
    )
    func noBlanks(text: String) {
        func key(_ text: String) -> String {
            EnvironmentRequest(requirements: [text], interpreter: Self.interpreter).key
        }
        #expect(key(text) == key(text.filter { !$0.isWhitespace }))
    }

    @Test func `A local source in a file of requirements leads to another environment`() throws {
        let folder = try TemporaryFolder()
        try folder.write("version = 1", to: "part/part.py")
        let file = try folder.write("../part\n", to: "app/requirements.txt")
        var request = EnvironmentRequest(requirements: [], interpreter: Self.interpreter)
        request.requirementFiles = [file.path]
        let key = request.key
        #expect(request.key == key)
        try folder.write("version = 10", to: "part/part.py")
        #expect(request.key != key)
    }

    @Test func `Limits lead to another environment, and are checked like requirements`() {
        var request = EnvironmentRequest(requirements: ["a"], interpreter: Self.interpreter)
        var keys = [request.key]
        request.limits.constraints = ["b<2"]
        keys.append(request.key)
        request.limits = ResolutionLimits(excludeNewer: "2024-01-01")
        keys.append(request.key)
        request.limits = ResolutionLimits()
        request.limits.unsupported = ["resolution"]
        keys.append(request.key)
        #expect(Set(keys).count == 4)
        request.limits = ResolutionLimits(constraints: ["--pre"])
        #expect(throws: EnvironmentError.self) { try request.validate() }
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
