// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Exception groups cross both ways", .python)
struct ExceptionGroupTests {
    struct Refused: Error, Equatable { let number: Int }

    private func captured(_ source: String) async throws -> PythonException {
        try #require(await #expect(throws: PythonException.self) { try await runAlone(source) })
    }

    private let nested = """
        raise ExceptionGroup('outer', [
            ValueError('a'), ExceptionGroup('inner', [KeyError('b'), OSError(2, 'c')])])
        """

    @Test("The members of a group are captured, those of groups in it too")
    func members() async throws {
        let group = try await captured(nested)
        #expect(group.isGroup && group.matches(.exceptionGroup))
        #expect(group.exceptions.map(\.typeName) == ["ValueError", "ExceptionGroup"])
        #expect(
            group.leaves.map(\.description)
                == ["ValueError: a", "KeyError: 'b'", "FileNotFoundError: [Errno 2] c"]
        )
        #expect(group.select(.lookupError).map(\.message) == ["'b'"])
        #expect(!group.matches(.valueError))
        #expect(group.traceback.contains("+---------------- 2 ----------------"))
    }

    @Test("A group is split by class as except* splits it")
    func split() async throws {
        let group = try await captured(nested)
        let (keys, rest) = try await PythonActor.run {
            let parts = try group.split(.keyError)
            return (parts.matching, parts.rest)
        }
        #expect(keys?.leaves.map(\.typeName) == ["KeyError"])
        #expect(keys?.exceptions.map(\.message) == ["inner (1 sub-exception)"])
        #expect(rest?.leaves.map(\.typeName) == ["ValueError", "FileNotFoundError"])
        let none = try await PythonActor.run { try group.split(.memoryError).matching == nil }
        #expect(none)
    }

    @Test("A plain exception has no members, and splits whole")
    func plain() async throws {
        let error = try await captured("raise ValueError('a')")
        #expect(!error.isGroup && error.exceptions.isEmpty)
        #expect(error.leaves.map(\.message) == ["a"])
        let (one, other) = try await PythonActor.run {
            (try error.split(.valueError).rest == nil, try error.split(.keyError).matching == nil)
        }
        #expect(one && other)
    }

    private func register(_ name: String, _ errors: [any Error]) async throws {
        try await Python.register(
            PythonModule(name) {
                PythonFunction("fail") { () throws -> Int in
                    throw PythonExceptionGroup("uploads failed", errors)
                }
            }
        )
    }

    @Test("except* takes the members of a group that Swift threw")
    func exceptStar() async throws {
        let failure = PythonConversionError(.value, "bad")
        try await register("group_star", [Refused(number: 1), failure, Refused(number: 2)])
        let value = try await runAlone(
            """
            import group_star
            found = []
            try:
                group_star.fail()
            except* RuntimeError as group:
                found.append([str(e) for e in group.exceptions])
            except* ValueError as group:
                found.append([type(group).__name__, group.message])
            repr(found)
            """
        )
        let text: String = try await PythonActor.run { try value.converted() }
        #expect(
            text == """
                [['Refused(number: 1)', 'Refused(number: 2)'], ['ExceptionGroup', 'uploads failed']]
                """
        )
    }

    @Test("A group that Swift threw is the same value back; its rest carries the Swift errors")
    func back() async throws {
        try await register(
            "group_back",
            [Refused(number: 1), PythonConversionError(.value, "bad"), Refused(number: 2)]
        )
        let whole = try #require(
            await #expect(throws: PythonExceptionGroup.self) {
                try await runAlone("import group_back\ngroup_back.fail()")
            }
        )
        #expect(whole.errors.compactMap { $0 as? Refused }.map(\.number) == [1, 2])
        let rest = try await captured(
            """
            import group_back
            try:
                group_back.fail()
            except* ValueError:
                pass
            """
        )
        #expect(rest.errors.map { $0 as? Refused } == [Refused(number: 1), Refused(number: 2)])
    }

    @Test("A cancellation makes it a BaseExceptionGroup; a group without errors is refused")
    func odd() async throws {
        try await register("group_cancelled", [CancellationError()])
        try await register("group_empty", [])
        let value = try await runAlone(
            """
            import group_cancelled, group_empty
            found = []
            for fail in (group_cancelled.fail, group_empty.fail):
                try:
                    fail()
                except BaseException as e:
                    found.append(f'{type(e).__name__}: {e}')
            found
            """
        )
        let found: [String] = try await PythonActor.run { try value.converted() }
        #expect(found[0] == "BaseExceptionGroup: uploads failed (1 sub-exception)")
        #expect(found[1].contains("an exception group needs at least one error"), "\(found)")
    }
}
