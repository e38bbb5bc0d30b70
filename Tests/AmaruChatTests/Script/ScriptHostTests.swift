// A Swift program in the place of a Pyodide page: what it gives to scripts, and gets from them.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct ScriptHostTests {
    /// An object of a page.
    final class Document: PythonClassInstance {
        let title = Mutex("Planets")

        static let pythonClass = PythonClass(Document.self) {
            PythonProperty("title") {
                $0.title.withLock { $0 }
            } set: { (document, title: String) in
                document.title.withLock { $0 = title }
            }
        }
    }

    struct OutOfReach: Error, Equatable, CustomStringConvertible {
        let planet: String
        var description: String { "\(planet) is too far" }
    }

    /// Callbacks of Python that outlive the calls that they were given in.
    final class Kept: Sendable {
        let callbacks = Mutex<[PythonObject]>([])

        func add(_ callback: PythonObject) { callbacks.withLock { $0.append(callback) } }
    }

    /// Starts Python as for a page, in this process, and goes on with a test.
    private static func hosting(_ body: () async throws -> Void) async throws {
        let cache = try TemporaryFolder()
        try await ScriptHost(variables: ["XDG_CACHE_HOME": cache.path]).start()
        try await body()
        _ = cache
    }

    private static func text(_ source: String) async throws -> String {
        let value = try await Python.run(source)
        return try await PythonActor.run { try value.converted() }
    }

    @Test func `A program gives its objects to the module js`() async {
        await #expect(processExitsWith: .success) {
            try await ScriptHostTests.hosting {
                let page = PythonModule("page") {
                    Document.pythonClass
                    PythonFunction("alert", .positional("text"), .keyword("times", default: 1)) {
                        (text: String, times: Int) in String(repeating: text, count: times)
                    }
                }
                try await Python.register(page)
                let document = Document()
                try await PythonActor.run {
                    let page = try Python.import("page")
                    try page.setAttribute("document", to: document)
                    let ffi = try Python.import("pyodide.ffi")
                    _ = try ffi.register_js_module("js", page) as PythonObject
                }
                let seen = try await ScriptHostTests.text(
                    """
                    import js
                    from js import document
                    document.title += "!"
                    repr((document is js.document, js.alert(times=2, text="a"), js.btoa("a"),
                        hasattr(js, "navigator")))
                    """
                )
                #expect(seen == "(True, 'aa', 'YQ==', False)")
                #expect(document.title.withLock { $0 } == "Planets!")
            }
        }
    }

    @Test func `What Swift throws is a JsException with the name of its type`() async {
        await #expect(processExitsWith: .success) {
            try await ScriptHostTests.hosting {
                let ship = PythonModule("ship") {
                    PythonFunction("land") { (planet: String) throws -> Int in
                        throw OutOfReach(planet: planet)
                    }
                    PythonFunction("land_later") { (planet: String) async throws -> Int in
                        await Task.yield()
                        throw OutOfReach(planet: planet)
                    }
                }
                try await Python.register(ship)
                let source = """
                    import ship
                    from pyodide.ffi import JsException
                    seen = []
                    try:
                        ship.land("Mars")
                    except JsException as error:
                        seen.append((error.name, error.message, error.stack))
                    try:
                        await ship.land_later("Venus")
                    except JsException as error:
                        seen.append((error.name, error.message))
                    await ship.land_later("Pluto").catch(lambda error: seen.append(error.name))
                    seen.append(JsException("of Python").name)
                    repr(seen)
                    """
                #expect(
                    try await ScriptHostTests.text(source) == """
                        [('OutOfReach', 'Mars is too far', ''), ('OutOfReach', 'Venus is too far'), \
                        'OutOfReach', 'Error']
                        """
                )
                await #expect(throws: OutOfReach(planet: "Mars")) {
                    try await Python.run("import ship\nship.land('Mars')")
                }
            }
        }
    }

    @Test func `Callbacks stay usable after the call that they were given in`() async {
        await #expect(processExitsWith: .success) {
            try await ScriptHostTests.hosting {
                let kept = Kept()
                let keeper = PythonModule("keeper") {
                    PythonFunction("keep") { (callback: PythonObject) in kept.add(callback) }
                    PythonFunction("keep_later") { (callback: PythonObject) async in
                        await Task.yield()
                        kept.add(callback)
                    }
                }
                try await Python.register(keeper)
                try await Python.run(
                    """
                    import keeper
                    def add_one(x): return x + 1
                    keeper.keep(add_one)
                    await keeper.keep_later(lambda x: x + 2)
                    """
                )
                let sums = try await PythonActor.run {
                    try kept.callbacks.withLock { $0 }.map { try $0(40) as Int }
                }
                #expect(sums == [41, 42])
            }
        }
    }

    @Test func `Faults of the background and of tasks go to one handler`() async {
        await #expect(processExitsWith: .success) {
            let cache = try TemporaryFolder()
            let (faults, faulty) = AsyncStream.makeStream(of: String.self)
            var host = try ScriptHost(variables: ["XDG_CACHE_HOME": cache.path])
            host.onFault = { faulty.yield($0.message) }
            try await host.start()
            let value = try await host.run("made = 40\nmade + 2")
            #expect(try await PythonActor.run { try value.converted() as Int } == 42)
            host.runInBackground("import asyncio\nawait asyncio.sleep(0)\nraise ValueError(made)")
            var seen = faults.makeAsyncIterator()
            #expect(await seen.next() == "40")
            host.runInBackground(
                """
                async def fail(): raise KeyError("task")
                asyncio.create_task(fail())
                await asyncio.sleep(0)
                """
            )
            #expect(await seen.next() == "'task'")
            let endless = host.runInBackground("await asyncio.Event().wait()")
            endless.cancel()
            await endless.value
            await Python.shutDown()
        }
    }
}
