// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Signatures that no Python function could have", .python)
struct SignatureCheckTests {
    struct Refused: Sendable, CustomTestStringConvertible {
        let function: PythonFunction
        let message: String
        var testDescription: String { message }

        init(_ function: PythonFunction, _ message: String) {
            (self.function, self.message) = (function, message)
        }
    }

    static let refused = [
        Refused(
            PythonFunction("f", .positional("a"), .positional("a")) { (a: Int, b: Int) in a + b },
            "has two parameters named 'a'"
        ),
        Refused(
            PythonFunction("f", .positional("a", default: 1), .positional("b")) {
                (a: Int, b: Int) in a + b
            },
            "requires 'b' after 'a', which has a default"
        ),
        Refused(
            PythonFunction("f", .positionalOnly("a", default: 1), .positional("b")) {
                (a: Int, b: Int) in a + b
            },
            "requires 'b' after 'a', which has a default"
        ),
        Refused(
            PythonFunction("f", .keyword("a"), .positional("b")) { (a: Int, b: Int) in a + b },
            "has 'b' after 'a'; the order is"
        ),
        Refused(
            PythonFunction("f", .arguments("a"), .arguments("b")) { (a: [Int], b: [Int]) in a + b },
            "has 'b' after 'a'; the order is"
        ),
        Refused(
            PythonFunction("f", .keywords("a"), .keyword("b")) { (a: [String: Int], b: Int) in b },
            "has 'b' after 'a'; the order is"
        ),
        Refused(
            PythonFunction("f", .positional("class")) { (a: Int) in a },
            "has the name 'class', which Python cannot use"
        ),
        Refused(
            PythonFunction("f", .positional("a b")) { (a: Int) in a },
            "has the name 'a b', which Python cannot use"
        ),
        Refused(
            PythonFunction("f", .positional("a=print()")) { (a: Int) in a },
            "has the name 'a=print()', which Python cannot use"
        ),
        Refused(
            PythonFunction("f", .positional("")) { (a: Int) in a },
            "has the name '', which Python cannot use"
        ),
        Refused(
            PythonFunction("1st") { () in 1 },
            "has the name '1st', which Python cannot use"
        ),
    ]

    @Test("Are refused when the module is registered, and say what to do", arguments: refused)
    func refusal(_ refused: Refused) async throws {
        let error = await #expect(throws: AmaruError.self) {
            try await Python.register(PythonModule("refused_module") { refused.function })
        }
        #expect(error?.code == .invalidSignature)
        #expect(error?.message.contains(refused.message) == true, "\(error?.message ?? "")")
        // Nothing half-made stays.
        let found = try await runAlone("import sys\n'refused_module' in sys.modules")
        #expect(try await PythonActor.run { try Bool(found) } == false)
    }

    @Test("Names beyond ASCII, and keyword-only parameters in any order, are fine")
    func accepted() async throws {
        try await Python.register(
            PythonModule("accepted_module") {
                PythonFunction("größe", .keyword("ü", default: 1), .keyword("né")) {
                    (a: Int, b: Int) in a + b
                }
            }
        )
        let value = try await runAlone("import accepted_module as m\nm.größe(né=2)")
        #expect(try await PythonActor.run { try Int(value) } == 3)
    }
}
