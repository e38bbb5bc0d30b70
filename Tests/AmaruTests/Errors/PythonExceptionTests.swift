// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Exceptions keep identity across both crossings", .python)
struct PythonExceptionTests {
    struct Refused: Error, Equatable { let reason: String }

    @Test("Type, bases, message, notes and cause are copied")
    func copied() async throws {
        let source = """
            try:
                {}['k']
            except KeyError as inner:
                error = ValueError('bad ✓')
                error.add_note('note 1')
                raise error from inner
            """
        let error = try #require(
            await #expect(throws: PythonException.self) { try await runAlone(source) }
        )
        #expect(error.typeName == "ValueError")
        #expect(error.isInstance(of: "Exception"))
        #expect(error.message == "bad ✓")
        #expect(error.notes == ["note 1"])
        #expect(error.cause?.typeName == "KeyError")
        #expect(error.traceback.contains("The above exception was the direct cause"))
    }

    @Test("A Python exception that passes through Swift is the same object in Python")
    func samePythonObject() async throws {
        let caller = try await PythonActor.run { () -> PythonObject in
            try Python.registerNow(
                PythonModule("identity_errors") {
                    PythonFunction("call") { (function: PythonObject) throws -> PythonObject in
                        try PythonActor.runBlocking { try function() }
                    }
                }
            )
            let namespace = try Python.eval("{}")
            try Python.exec(
                """
                import identity_errors
                error = KeyError('k', 42)
                def fail(): raise error
                def caught():
                    try:
                        identity_errors.call(fail)
                    except KeyError as e:
                        return e is error, e.args, e.__traceback__ is not None
                """,
                globals: namespace
            )
            return try namespace["caught"]
        }
        #expect(
            try await PythonActor.run { try Python.repr(caller()) } == "(True, ('k', 42), True)"
        )
    }

    @Test("A Swift error that passes through Python is the same value in Swift")
    func sameSwiftValue() async throws {
        try await Python.register(
            PythonModule("swift_error_module") {
                PythonFunction("fail") { () throws -> Int in throw Refused(reason: "no") }
            }
        )
        await #expect(throws: Refused(reason: "no")) {
            try await runAlone("import swift_error_module\nswift_error_module.fail()")
        }
        let caught = try await runAlone(
            """
            import swift_error_module
            try:
                swift_error_module.fail()
            except RuntimeError as e:
                result = type(e).__name__, str(e)
            result
            """
        )
        let text = try await PythonActor.run { try Python.repr(caught) }
        #expect(text.hasPrefix("('SwiftError', 'Refused(reason: "))
    }

    @Test("A module's own exception class is raised with its arguments")
    func declaredClass() async throws {
        struct TransferFailed: PythonExceptionConvertible {
            var pythonExceptionType: String { "declared_module.TransferError" }
            var pythonExceptionArguments: [any ConvertibleToPython & Sendable] {
                ["connect", "no route"]
            }
        }
        try await Python.register(
            PythonModule("declared_module") {
                PythonExceptionClass(
                    "TransferError",
                    documentation: "Failed.",
                    attributes: ["code", "message"]
                )
                PythonFunction("fail") { () throws -> Int in throw TransferFailed() }
            }
        )
        let value = try await runAlone(
            """
            import declared_module
            try:
                declared_module.fail()
            except declared_module.TransferError as e:
                result = [e.code, e.message, repr(e.args)]
            result
            """
        )
        let parts = try await PythonActor.run { try value.converted(to: [String].self) }
        #expect(parts == ["connect", "no route", "('connect', 'no route')"])
    }
}
