// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// What PythonKit's own tests hold its functions and classes to, in this bridge's spelling.
@Suite("Functions and classes of an earlier bridge hold here", .python)
struct PythonKitClassTests {
    /// A class with members of each kind.
    class Geek: PythonClassInstance, @unchecked Sendable {
        // Safe because it has no state that changes.
        let name: String

        required init(_ name: String) { self.name = name }

        class var pythonClass: PythonClass {
            PythonClass(Geek.self) {
                PythonInitializer { (name: String) in Geek(name) }
                PythonProperty("name") { $0.name }
                PythonClassConstant("origin", "Geekland")
                PythonMethod("greet") { (geek, other: String) in "\(geek.name) greets \(other)" }
                PythonClassMethod("described") { (type: PythonObject, n: Int) in
                    PythonTuple(type, n)
                }
            }
        }
    }

    private func shown(_ source: String) async throws -> String {
        let value = try await runAlone(source)
        return try await PythonActor.run { try Python.repr(value) }
    }

    @Test("A closure is a function, and takes keywords in the order of the call")
    func functions() async throws {
        try await Python.register(
            PythonModule("peer_functions") {
                PythonFunction("add", .positional("a"), .positional("b")) { (a: Int, b: Int) in
                    a + b
                }
                PythonFunction("select", .positional("first"), .keywords("options")) {
                    (first: Int, options: PythonKeywords<Int>) in
                    ["\(first)"] + options.map { "\($0.name)=\($0.value)" }
                }
            }
        )
        let found = try await shown(
            """
            import peer_functions as f
            f.add(2, 3), f.add(b=3, a=2), f.select(1, y=2, x=3)
            """
        )
        #expect(found == "(5, 5, ['1', 'y=2', 'x=3'])")
    }

    @Test("A class has an initialiser, data, methods and class methods")
    func classes() async throws {
        try await Python.register(PythonModule("peer_classes") { Geek.pythonClass })
        let found = try await shown(
            """
            from peer_classes import Geek
            g = Geek('Ada')
            class Sub(Geek):
                def greet(self, other): return super().greet(other) + '!'
            (g.name, Geek.origin, g.greet('Bo'), Geek.described(2) == (Geek, 2),
             Geek.__bases__ == (object,), Sub('Cy').greet('Di'), isinstance(Sub('E'), Geek))
            """
        )
        #expect(
            found
                == "('Ada', 'Geekland', 'Ada greets Bo', True, True, 'Cy greets Di!', True)"
        )
    }

    @Test("An exception class is extended twice in Python, with initialisers and text")
    func exceptions() async throws {
        try await Python.register(
            PythonModule("peer_exceptions") {
                PythonExceptionClass("Base", attributes: ["message"])
                PythonFunction("call") { (function: PythonObject) throws -> PythonObject in
                    try PythonActor.runBlocking { try function() }
                }
            }
        )
        let found = try await shown(
            """
            import peer_exceptions as m
            class Custom(m.Base):
                prefix = 'HelloWorld'
                def __init__(self, message): super().__init__(message); self.size = len(message)
                def __str__(self): return self.prefix + ' ' + repr(self)
            class Deeper(Custom):
                prefix = 'HelloWorld2'
                def __init__(self, message, number):
                    super().__init__(message)
                    self.number = number
            def fail(): raise Deeper('abc', 5)
            try:
                m.call(fail)
            except Custom as error:
                found = (type(error) is Deeper, error.message, error.size, error.number,
                         str(error).startswith('HelloWorld2 Deeper('))
            found
            """
        )
        #expect(found == "(True, 'abc', 3, 5, True)")
    }

    @Test("A subclass forwards arguments and keywords in any order, and the base lacks its own")
    func keywordsOfBases() async throws {
        try await Python.register(
            PythonModule("peer_keywords") {
                PythonFunction(
                    "join",
                    .positional("one"),
                    .keyword("two"),
                    .keyword("three")
                ) { (one: Int, two: Int, three: Int) in "\(one) \(two) \(three)" }
            }
        )
        let found = try await shown(
            """
            import peer_keywords
            class Base:
                def __init__(self, *args, **kwargs): self.text = peer_keywords.join(*args, **kwargs)
            class Sub(Base):
                def __init__(self, own, **kwargs):
                    super().__init__(1, **kwargs)
                    self.own = own
            (Sub(three=3, own='o', two=2).text, Base(three=3, two=2, one=1).text,
             hasattr(Base(1, two=2, three=3), 'own'))
            """
        )
        #expect(found == "('1 2 3', '1 2 3', False)")
    }
}
