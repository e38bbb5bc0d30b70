// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

private protocol Greeter: Sendable {
    var volume: Int { get throws }
    func greet(_ name: String, _ times: Int) throws -> String
    func load(_ n: Int) async throws -> Int
}

private struct PythonGreeter: Greeter, PythonProtocolWrapper {
    let object: PythonObject
    static let requirements: [PythonRequirement] = [
        .method("greet"), .method("load"), .attribute("volume"),
    ]

    var volume: Int { get throws { try readAttribute("volume") } }
    func greet(_ name: String, _ times: Int) throws -> String {
        try callMethod("greet", name, times)
    }
    func load(_ n: Int) async throws -> Int { try await awaitMethod("load", n) }
    func setVolume(_ volume: Int) throws { try writeAttribute("volume", volume) }
    func nothing() throws { try callMethod("nothing") }
}

private struct SwiftGreeter: Greeter {
    let volume = 1
    func greet(_ name: String, _ times: Int) -> String { name }
    func load(_ n: Int) async -> Int { n }
}

/// Something that can add, in Swift or in Python.
struct PythonAdder: PythonProtocolWrapper {
    let object: PythonObject
    static let requirements: [PythonRequirement] = [.method("add")]

    func add(_ n: Int) throws -> Int { try callMethod("add", n) }
}

@Suite("Swift protocols that Python objects implement", .python)
struct PythonProtocolWrapperTests {
    private func greeter() async throws -> PythonGreeter {
        let object = try await runAlone(
            """
            import asyncio
            class Polite:
                volume = 3
                def greet(self, name, times): return f'hello {name}' * times
                async def load(self, n):
                    await asyncio.sleep(0)
                    if n < 0: raise ValueError('negative')
                    return n * 2
                def nothing(self): pass
            Polite()
            """
        )
        return try await PythonActor.run { try object.converted(to: PythonGreeter.self) }
    }

    @Test("An object is used through the protocol, on the Python thread and elsewhere")
    func use() async throws {
        let python = try await greeter()
        let all: [any Greeter] = [python, SwiftGreeter()]
        let greeting = try await PythonActor.run { try all[0].greet("ann", 2) }
        #expect(greeting == "hello annhello ann")
        #expect(try await all[0].load(4) == 8)
        let (results, continuation) = AsyncStream<String?>.makeStream()
        Thread.detach { continuation.yield(try? all[0].greet("bob", 1)) }
        var iterator = results.makeAsyncIterator()
        #expect(await iterator.next() == "hello bob")
        try await PythonActor.run {
            let before = try python.volume
            try python.setVolume(5)
            let after = try python.volume
            #expect([before, after] == [3, 5])
            try python.nothing()
        }
    }

    @Test("Its errors arrive as they were raised")
    func errors() async throws {
        let python = try await greeter()
        let raised = await #expect(throws: PythonException.self) { try await python.load(-1) }
        #expect(raised?.description == "ValueError: negative")
        let refused = await #expect(throws: PythonConversionError.self) {
            try await PythonActor.run { try python.callMethod("greet", "x", 1) as Int }
        }
        #expect(refused?.description == "expected int, found str")
    }

    @Test("It converts to the object that it was made of")
    func identity() async throws {
        let python = try await greeter()
        try await PythonActor.run {
            let object = try PythonObject(python)
            #expect(object.isIdentical(to: python.object))
        }
    }

    @Test("Exported functions take such objects, and Swift classes that have the methods")
    func parameter() async throws {
        try await Python.register(
            PythonModule("adders") {
                PythonFunction("add_twice") { (adder: PythonAdder) in
                    try adder.add(1) + adder.add(1)
                }
            }
        )
        #expect(
            try await ClassFixture.run("import adders\nadders.add_twice(Counter(1))") == "5"
        )
    }

    @Test(
        "An object that lacks something is refused, with what it lacks",
        arguments: [
            ("5", "expected PythonGreeter, found int, which has no method 'greet'"),
            (
                "type('Half', (), {'greet': print})()",
                "expected PythonGreeter, found Half, which has no method 'load'"
            ),
            (
                "type('Wrong', (), {'greet': 5})()",
                "expected PythonGreeter, found Wrong, which has no method 'greet'"
            ),
            (
                "type('Mute', (), {'greet': print, 'load': print})()",
                "expected PythonGreeter, found Mute, which has no attribute 'volume'"
            ),
        ]
    )
    func refusal(source: String, message: String) async throws {
        let object = try await runAlone(source)
        let error = await #expect(throws: PythonConversionError.self) {
            try await PythonActor.run { try object.converted(to: PythonGreeter.self) }
        }
        #expect(error?.description == message)
    }

    @Test("An exception of the attribute itself is not taken for its absence")
    func raisingAttribute() async throws {
        let object = try await runAlone(
            "type('Bad', (), {'add': property(lambda self: 1 / 0)})()"
        )
        let error = await #expect(throws: PythonException.self) {
            try await PythonActor.run { try object.converted(to: PythonAdder.self) }
        }
        #expect(error?.typeName == "ZeroDivisionError")
    }
}
