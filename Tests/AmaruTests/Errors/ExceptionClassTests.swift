// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Exception classes are matched, declared and derived", .python)
struct ExceptionClassTests {
    struct TransferFailed: Error, Equatable, PythonExceptionConvertible {
        let host: String
        let attempts: Int

        var pythonExceptionType: String { "declared_bound.TransferError" }
        var pythonExceptionArguments: [any ConvertibleToPython & Sendable] { [host, attempts] }
    }

    @Test("A class is matched in a catch clause, as are its bases")
    func matching() async throws {
        do {
            try await PythonActor.run { try Python.exec("{}['k']") }
            Issue.record("nothing was raised")
        } catch let error as PythonException where error.matches(.keyError) {
            #expect(error.matches(.lookupError))
            #expect(error.matches(.exception))
            #expect(!error.matches(.indexError))
            #expect(error.matches(anyOf: .indexError, .keyError))
        }
    }

    @Test("A class of any module is matched by its full name")
    func named() async throws {
        let error = try #require(
            await #expect(throws: PythonException.self) {
                try await runAlone("import json\njson.loads('{')")
            }
        )
        #expect(error.matches(.named("json.decoder.JSONDecodeError")))
        #expect(error.matches(.valueError))
    }

    @Test("Declared classes form a hierarchy of built-in, declared and several bases")
    func hierarchy() async throws {
        let base = PythonExceptionClass("NetError", documentation: "Any of them.")
        let timeout = PythonExceptionClass(
            "NetTimeout",
            bases: [base, .timeoutError],
            attributes: ["host", "seconds"],
            text: "{host} gave no answer in {seconds} s"
        )
        try await Python.register(
            PythonModule("declared_hierarchy") {
                base
                timeout
            }
        )
        let value = try await runAlone(
            """
            import declared_hierarchy as net
            e = net.NetTimeout('a.example', 3)
            bases = [c.__name__ for c in net.NetTimeout.__mro__]
            repr((bases[:3], str(e), e.host, e.seconds, net.NetError.__doc__,
                  net.NetTimeout.__module__, str(net.NetTimeout('x')),
                  hasattr(net.NetTimeout(), 'host')))
            """
        )
        let text: String = try await PythonActor.run { try value.converted() }
        #expect(
            text == """
                (['NetTimeout', 'NetError', 'TimeoutError'], 'a.example gave no answer in 3 s', \
                'a.example', 3, 'Any of them.', 'declared_hierarchy', 'x', False)
                """
        )
        let error = try #require(
            await #expect(throws: PythonException.self) {
                try await runAlone(
                    "import declared_hierarchy as net\nraise net.NetTimeout('a.example', 3)"
                )
            }
        )
        #expect(error.matches(base) && error.matches(timeout) && error.matches(.osError))
        #expect(error.message == "a.example gave no answer in 3 s")
    }

    @Test("What Python raises of a bound class arrives as the Swift error, and goes back")
    func bound() async throws {
        let declared = PythonExceptionClass(
            "TransferError",
            bases: [.connectionError],
            attributes: ["host", "attempts"],
            arrivesAs: { (host: String, attempts: Int) in
                TransferFailed(host: host, attempts: attempts)
            }
        )
        try await Python.register(
            PythonModule("declared_bound") {
                declared
                PythonFunction("fail") { (host: String) throws -> Int in
                    throw TransferFailed(host: host, attempts: 1)
                }
            }
        )
        let setUp = "import declared_bound as net\nclass Derived(net.TransferError): pass\n"
        await #expect(throws: TransferFailed(host: "a", attempts: 3)) {
            try await runAlone("\(setUp)raise net.TransferError('a', 3)")
        }
        await #expect(throws: TransferFailed(host: "b", attempts: 4)) {
            try await runAlone("\(setUp)raise Derived('b', 4)")
        }
        let other = try #require(
            await #expect(throws: PythonException.self) {
                try await runAlone("\(setUp)raise net.TransferError('a')")
            }
        )
        #expect(other.matches(declared))
        let value = try await runAlone(
            """
            \(setUp)
            try:
                net.fail('c')
            except ConnectionError as e:
                found = [type(e).__name__, e.host, str(e.attempts)]
            found
            """
        )
        let found: [String] = try await PythonActor.run { try value.converted() }
        #expect(found == ["TransferError", "c", "1"])
    }

    @Test("In a group, members of a bound class are Swift errors too")
    func boundMember() async throws {
        try await Python.register(
            PythonModule("declared_member") {
                PythonExceptionClass(
                    "Failed",
                    arrivesAs: { (number: Int) in ExceptionGroupTests.Refused(number: number) }
                )
            }
        )
        let group = try #require(
            await #expect(throws: PythonException.self) {
                try await runAlone(
                    """
                    import declared_member
                    raise ExceptionGroup('g', [declared_member.Failed(7), ValueError()])
                    """
                )
            }
        )
        #expect(group.errors.first as? ExceptionGroupTests.Refused == .init(number: 7))
        #expect(group.errors.last is PythonException)
    }

    @Test(
        "A declaration that cannot be is refused, with what to do",
        arguments: [
            (PythonExceptionClass("A", attributes: ["no name"]), "no name for an attribute"),
            (
                PythonExceptionClass("B", bases: [PythonExceptionClass("Unlisted")]),
                "Unlisted is in no registered module"
            ),
            (.keyError, "exists already"),
            (PythonExceptionClass("C", bases: [.named("json.loads")]), "no exception class"),
            (PythonExceptionClass("D", bases: [.syntaxError, .osError]), "lay-out conflict"),
        ]
    )
    func refused(declaration: PythonExceptionClass, text: String) async throws {
        let error = await #expect(throws: (any Error).self) {
            try await Python.register(PythonModule("declared_refused") { declaration })
        }
        #expect("\(try #require(error))".contains(text), "\(String(describing: error))")
    }
}
