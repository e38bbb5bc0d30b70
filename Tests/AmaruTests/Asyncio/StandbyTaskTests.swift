// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Swift functions that do not suspend", .python, .serialized, .timeLimit(.minutes(5)))
struct StandbyTaskTests {
    private enum Local { @TaskLocal static var text = "none" }

    private struct Failure: Error {}

    /// What the functions of the module note.
    private static func register(_ name: String, _ ends: Recorder<String>) async throws {
        let (released, release) = AsyncStream<Void>.makeStream()
        try await Python.register(
            PythonModule(name) {
                PythonFunction("plain") { () async -> String in
                    Task.isCancelled ? "cancelled" : Local.text
                }
                PythonFunction("half") { (n: Int) async throws -> Int in
                    guard n % 2 == 0 else { throw Failure() }
                    return n / 2
                }
                PythonFunction("give_up") { () async -> Void in
                    withUnsafeCurrentTask { $0?.cancel() }
                    ends.append(Task.isCancelled ? "gave up" : "went on")
                }
                PythonFunction("wait") { () async -> Int in
                    for await _ in released {}
                    ends.append(Task.isCancelled ? "cancelled" : "released")
                    return 5
                }
                PythonFunction("release") { () in release.finish() }
                PythonFunction("bind") { (function: PythonObject) throws -> PythonObject in
                    try Local.$text.withValue("bound") {
                        try PythonActor.runBlocking { try function() as PythonObject }
                    }
                }
                PythonFunction("bound_in_task") { (function: PythonObject) async throws -> String in
                    try await Local.$text.withValue("bound") {
                        let future = try await PythonActor.run { try function() as PythonObject }
                        return try await PythonActor.run { try future.result() }
                    }
                }
            }
        )
    }

    @Test("One that suspends keeps its task; those that do not are called meanwhile, and after")
    func between() async throws {
        let ends = Recorder<String>()
        try await Self.register("standby_between", ends)
        let values = try await runAlone(
            """
            import standby_between as m
            assert [await m.plain() for _ in range(3)] == ["none"] * 3
            waits = [m.wait() for _ in range(3)]
            assert not any(wait.done() for wait in waits)
            assert [await m.plain() for _ in range(3)] == ["none"] * 3
            m.release()
            values = [await wait for wait in waits]
            values + [await m.half(6)]
            """
        )
        #expect(try await PythonActor.run { try [Int](values) } == [5, 5, 5, 3])
        #expect(ends.values == Array(repeating: "released", count: 3))
    }

    @Test("One that throws, or cancels its own task, leaves nothing to the next")
    func own() async throws {
        let ends = Recorder<String>()
        try await Self.register("standby_own", ends)
        let values = try await runAlone(
            """
            import standby_own as m
            values = []
            for n in range(4):
                await m.give_up()
                try: values.append(await m.half(n))
                except Exception as error: values.append(type(error).__name__)
                values.append(await m.plain())
            str(values)
            """
        )
        let expected = (0..<4).map { $0 % 2 == 0 ? "\($0 / 2), 'none'" : "'SwiftError', 'none'" }
        #expect(
            try await PythonActor.run { try String(values) }
                == "[\(expected.joined(separator: ", "))]"
        )
        #expect(ends.values == Array(repeating: "gave up", count: 4))
    }

    @Test(
        "Task-locals reach it where Swift code has called the Python code that calls it",
        arguments: [
            "await m.bind(m.plain)",
            "await m.bind(lambda: m.plain())",
            "await m.bound_in_task(m.plain)",
        ]
    )
    func taskLocals(_ expression: String) async throws {
        try await Self.register("standby_locals", Recorder<String>())
        let values = try await runAlone(
            """
            import standby_locals as m
            str([await m.plain(), \(expression), await m.plain()])
            """
        )
        #expect(try await PythonActor.run { try String(values) } == "['none', 'bound', 'none']")
    }
}
