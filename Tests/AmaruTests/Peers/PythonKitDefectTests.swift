// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// What goes wrong in PythonKit, one test for each.
@Suite("Defects of an earlier bridge are none here", .python)
struct PythonKitDefectTests {
    struct Refused: Error {}

    private func text(_ source: String) async throws -> String {
        let value = try await runAlone(source)
        return try await PythonActor.run { try Python.repr(value) }
    }

    private func register(_ name: String) async throws {
        try await Python.register(
            PythonModule(name) {
                PythonFunction("take") { (a: PythonObject, b: PythonObject) in 1 }
                PythonFunction("call") { (function: PythonObject) throws -> PythonObject in
                    try PythonActor.runBlocking { try function() }
                }
                PythonFunction("fail") { () throws -> Int in throw Refused() }
            }
        )
    }

    @Test("(a) A call with an unpacked tuple releases nothing of it")
    func arguments() async throws {
        try await register("defect_arguments")
        let counts = try await text(
            """
            import sys, defect_arguments
            t = (object(), object())
            before = sys.getrefcount(t), sys.getrefcount(t[0])
            for _ in range(1000): defect_arguments.take(*t)
            before == (sys.getrefcount(t), sys.getrefcount(t[0]))
            """
        )
        #expect(counts == "True")
    }

    @Test("(b) An exception keeps its type on every version")
    func type() async throws {
        await #expect(throws: PythonException.self) {
            try await PythonActor.run { try Python.eval("1").__truediv__(0) as PythonObject }
        }
        do {
            _ = try await PythonActor.run { try Python.eval("1 / 0") }
        } catch let error as PythonException {
            #expect(error.typeName == "ZeroDivisionError")
        }
    }

    @Test("(c) A Python exception that a Swift function passes on keeps arguments and traceback")
    func passedOn() async throws {
        try await register("defect_passed")
        let found = try await text(
            """
            import defect_passed
            def fail(): raise KeyError('k', 42)
            try:
                defect_passed.call(fail)
            except KeyError as e:
                found = e.args, e.__traceback__.tb_next is not None
            found
            """
        )
        #expect(found == "(('k', 42), True)")
    }

    @Test("(d) A context manager's own __exit__ is called, with the error, if there is one")
    func contextManager() async throws {
        let found = try await PythonActor.run { () -> String in
            let namespace = try Python.eval("{}")
            try Python.exec(
                """
                log = []
                class Manager:
                    def __enter__(self): return 5
                    def __exit__(self, type, value, traceback): log.append(type)
                manager = Manager()
                """,
                globals: namespace
            )
            let manager = try namespace["manager"]
            try Python.with(manager) { value in
                let five = try Int(value)
                #expect(five == 5)
            }
            #expect(throws: PythonException.self) {
                try Python.with(manager) { _ in _ = try Python.eval("1 / 0") }
            }
            return try Python.repr(namespace["log"])
        }
        #expect(found == "[None, <class 'ZeroDivisionError'>]")
    }

    @Test("(e) A failing callback keeps no reference to the exception's class")
    func failingCallback() async throws {
        try await register("defect_failing")
        let growth = try await text(
            """
            import sys, defect_failing
            def round():
                for _ in range(1000):
                    try: defect_failing.fail()
                    except RuntimeError as e: kind = type(e)
                return kind
            kind = round()
            before = sys.getrefcount(kind)
            round()
            sys.getrefcount(kind) - before
            """
        )
        #expect(growth == "0")
    }

    @Test("(f) Numbers that do not fit throw, and a NUL does not end a string")
    func exactness() async throws {
        try await PythonActor.run {
            #expect(throws: PythonConversionError.self) { try UInt(PythonObject(-1)) }
            #expect(throws: PythonConversionError.self) { try Int8(PythonObject(300)) }
            let text = try String(PythonObject("a\0b"))
            #expect(text == "a\0b")
            let length = try Python.len(PythonObject("a\0b"))
            #expect(length == 3)
        }
    }

    @Test("(g) Any thread may ask, and none crashes")
    func threads() async throws {
        let sums = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<20 {
                group.addTask { try await PythonActor.run { try Int(PythonObject(number) + 1) } }
                group.addTask {
                    try await withCheckedThrowingContinuation { continuation in
                        Thread.detach {
                            continuation.resume(
                                with: Result {
                                    try PythonActor.runBlocking {
                                        try Int(PythonObject(number) + 1)
                                    }
                                }
                            )
                        }
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sums == 2 * (1...20).reduce(0, +))
    }

    @Test("(h) A dictionary that changes while it is read, and an item that is refused, throw")
    func reentrancy() async throws {
        try await PythonActor.run {
            let namespace = try Python.eval("{}")
            try Python.exec(
                """
                class Key:
                    def __init__(self, d): self.d = d
                    def __hash__(self): return 1
                    def __index__(self):
                        self.d.clear()
                        return 1
                d = {}
                for i in range(50): d[i] = Key(d)
                """,
                globals: namespace
            )
            // Whatever it gives, it reads no freed memory.
            _ = try? namespace["d"].converted(to: [Int: Int].self)
            let frozen = try Python.eval("(1, 2)")
            let error = #expect(throws: PythonException.self) { try frozen.setItem(0, to: 1) }
            #expect(error?.matches(.typeError) == true)
            #expect(throws: PythonException.self) { try frozen.deleteItem(0) }
        }
    }
}
