// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Task-locals and context variables", .python, .serialized, .timeLimit(.minutes(5)))
struct ContextVariableTests {
    private enum Request {
        @TaskLocal static var id: String?
        @TaskLocal static var depth = 0
        @TaskLocal static var tag = "none"
    }

    /// A class of Swift whose method reads the task-local.
    private final class Reader: Sendable {}

    private func register() async throws {
        try await Python.register(
            PythonModule("request_module") {
                PythonContextVariable("request_id", Request.$id)
                PythonContextVariable("depth", Request.$depth)
                PythonFunction("read") { () in Request.id }
                PythonFunction("read_both") { () in "\(Request.id ?? "-") \(Request.depth)" }
                PythonFunction("read_early") { () async in Request.id }
                PythonFunction("read_late") { () async -> String? in
                    await Task.yield()
                    return await Task { Request.id }.value
                }
                PythonFunction(blocking: "read_blocking") { () async -> String? in
                    await Task.yield()
                    return Request.id
                }
                PythonFunction("reenter") { () async throws -> String in
                    try await PythonActor.run {
                        try Python.eval(
                            "__import__('request_module').request_id.get()",
                            as: String.self
                        )
                    }
                }
                PythonFunction("reenter_blocking") { () throws -> String in
                    try PythonActor.runBlocking {
                        try Python.eval(
                            "__import__('request_module').request_id.get()",
                            as: String.self
                        )
                    }
                }
            }
        )
    }

    private static let read = "__import__('request_module').request_id.get()"

    @Test("Each way into Python shows the task's value, and leaves none behind")
    func intoPython() async throws {
        try await register()
        let read = Self.read
        try await Request.$id.withValue("a") {
            #expect(try await PythonActor.run { try Python.eval(read, as: String?.self) } == "a")
            let synchronous = try await Python.run(read)
            let asynchronous = try await Python.run(
                "import asyncio\nawait asyncio.sleep(0)\n\(read)"
            )
            for value in [synchronous, asynchronous] {
                #expect(try await PythonActor.run { try Python.str(value) } == "a")
            }
            let blocking: String? = try await withCheckedThrowingContinuation { continuation in
                Request.$id.withValue("blocking") {
                    let captured = Request.id
                    Thread.detach {
                        continuation.resume(
                            with: Result {
                                try Request.$id.withValue(captured) {
                                    try PythonActor.runBlocking {
                                        try Python.eval(read, as: String?.self)
                                    }
                                }
                            }
                        )
                    }
                }
            }
            #expect(blocking == "blocking")
        }
        #expect(try await PythonActor.run { try Python.eval(read, as: String?.self) } == nil)
    }

    @Test("A coroutine keeps the value that it began with, beside others with their own")
    func coroutines() async throws {
        try await register()
        let found = try await withThrowingTaskGroup(of: (String, String).self) { group in
            for name in (0..<20).map({ "task \($0)" }) {
                group.addTask {
                    try await Request.$id.withValue(name) {
                        let value = try await runAlone(
                            """
                            import asyncio, request_module as m
                            before = m.request_id.get()
                            await asyncio.sleep(0.001)
                            [inner] = await asyncio.gather(m.read_late())
                            async def generate():
                                yield m.request_id.get()
                            after = [x async for x in generate()]
                            assert before == inner == after[0], (before, inner, after)
                            before
                            """
                        )
                        return (name, try await PythonActor.run { try Python.str(value) })
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(found.count == 20)
        for (name, value) in found { #expect(name == value) }
    }

    @Test(
        "Each kind of Swift function sees what the variable is where it is called",
        arguments: [
            ("m.read()", "b"), ("m.read_both()", "b 3"), ("await m.read_early()", "b"),
            ("await m.read_late()", "b"), ("m.read_blocking()", "b"),
            ("await m.reenter()", "b"), ("m.reenter_blocking()", "b"),
            ("await asyncio.to_thread(m.read)", "b"),
            ("await asyncio.to_thread(m.read_blocking)", "b"),
            ("await asyncio.create_task(m.read_coroutine())", "b"),
            ("contextvars.Context().run(m.read)", "None"),
            ("await asyncio.get_running_loop().run_in_executor(None, m.read)", "None"),
        ]
    )
    func intoSwift(_ expression: String, _ expected: String) async throws {
        try await register()
        let value = try await runAlone(
            """
            import asyncio, contextvars, request_module as m
            async def read_coroutine(): return await m.read_early()
            m.read_coroutine = read_coroutine
            m.request_id.set('b')
            m.depth.set(3)
            \(expression)
            """
        )
        #expect(try await PythonActor.run { try Python.str(value) } == expected)
        #expect(Request.id == nil)
    }

    @Test("A synchronous source's own change does not outlive it, a nested loop inherits")
    func regions() async throws {
        try await register()
        let value = try await Request.$id.withValue("c") {
            try await runAlone(
                """
                import asyncio, request_module as m
                async def main(): return m.request_id.get(), m.read(), await m.read_late()
                found = asyncio.run(main())
                m.request_id.set('changed')
                found
                """
            )
        }
        #expect(try await PythonActor.run { try Python.repr(value) } == "('c', 'c', 'c')")
        #expect(try await PythonActor.run { try Python.eval(Self.read, as: String?.self) } == nil)
    }

    @Test(
        "A value that does not convert raises at the call and names the variable",
        arguments: ["m.read()", "m.read_early()", "m.read_blocking()"]
    )
    func wrongType(_ call: String) async throws {
        try await register()
        let error = await #expect(throws: PythonException.self) {
            try await runAlone(
                "import asyncio, request_module as m\nm.depth.set('x')\n\(call)\nawait asyncio.sleep(0)"
            )
        }
        #expect(
            error?.description == "TypeError: context variable depth: expected int, found str"
        )
    }

    @Test("A variable that a library has can be bound, and what is none is refused")
    func existing() async throws {
        let variable = try await PythonActor.run {
            let variable = try Python.eval("__import__('contextvars').ContextVar('library')")
            try Python.bind(Request.$tag, to: variable)
            return variable
        }
        try await Request.$tag.withValue("bound") {
            try await PythonActor.run {
                let value: String = try variable.get()
                #expect(value == "bound")
            }
        }
        try await Request.$tag.withValue("direct") { try await Self.direct(variable) }
        let error = await #expect(throws: PythonConversionError.self) {
            try await PythonActor.run { try Python.bind(Request.$tag, to: PythonObject(1)) }
        }
        #expect(error?.description == "expected contextvars.ContextVar, found int")
    }

    @PythonActor
    private static func direct(_ variable: PythonObject) throws {
        let value: String = try Python.withContextVariables { try variable.get() }
        #expect(value == "direct")
    }

    @Test("An asynchronous iteration keeps the consumer's value")
    func iteration() async throws {
        try await register()
        let generator = try await runAlone(
            """
            import asyncio, request_module as m
            async def generate():
                yield m.request_id.get()
                await asyncio.sleep(0)
                yield await m.read_late()
            generate()
            """
        )
        try await Request.$id.withValue("d") {
            var found: [String] = []
            for try await value in generator.asyncSequence(of: String.self) { found.append(value) }
            #expect(found == ["d", "d"])
        }
    }
}
