// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Swift classes in Python", .python)
struct PythonClassTests {
    private typealias Counter = ClassFixture.Counter
    private typealias CounterError = ClassFixture.CounterError

    @Test(
        "Members work as those of a class that is written in Python",
        arguments: [
            ("Counter(3)", "Counter(3)"),
            ("Counter(3).value", "3"),
            ("Counter(3).double", "6"),
            ("c = Counter(3); c.value = 5; c.value", "5"),
            ("c = Counter(3); [c.add(4), c.value, c.reset(), c.value]", "[7, 7, None, 0]"),
            ("Counter(3)(5)", "15"),
            ("c = Counter(3); add = c.add; add(1); c.value", "4"),
            ("Counter.add(Counter(1), 2)", "3"),
            ("Counter.zero()", "Counter(0)"),
            ("Counter(1).zero()", "Counter(0)"),
            ("await Counter.soon(4)", "Counter(4)"),
            ("[Counter.limit, Counter(1).limit]", "[100, 100]"),
            ("Counter.described(5) == (Counter, 5)", "True"),
            ("class C(Counter): pass\nC.described(5) == (C, 5)", "True"),
            ("a, b = Counter(1), Counter(2); a.merge(b); a.value", "3"),
            (
                "Counter.__name__, Counter.__qualname__, Counter.__module__",
                "('Counter', 'Counter', 'fixture_classes')"
            ),
            ("Counter.__doc__", "'Counts up.'"),
            ("Counter.value.__doc__, Counter.add.__doc__", "('The count.', 'Adds n.')"),
            ("import inspect; str(inspect.signature(Counter.add))", "'(self, arg1, /)'"),
            ("import inspect; str(inspect.signature(Counter))", "'(arg1, /)'"),
            ("isinstance(Counter(1), Counter), type(Counter(1)) is Counter", "(True, True)"),
            ("type(Counter(1))(2)", "Counter(2)"),
            ("Counter.__init__(c := Counter.__new__(Counter), 4); c", "Counter(4)"),
            ("callable(Counter(1)), callable(Sealed.make())", "(True, False)"),
            ("hasattr(Counter(1), '__dict__')", "False"),
            ("{Counter(1): 2} != {}", "True"),
        ]
    )
    func members(source: String, expected: String) async throws {
        #expect(try await ClassFixture.run(source) == expected)
    }

    @Test(
        "What is wrong is said as Python says it",
        arguments: [
            ("Counter()", "TypeError: Counter() takes exactly 1 argument (0 given)"),
            ("Counter(1, 2)", "TypeError: Counter() takes exactly 1 argument (2 given)"),
            ("Counter('x')", "TypeError: Counter() argument 1: expected int, found str"),
            ("Counter(1, a=2)", "TypeError: Counter() takes no keyword arguments"),
            ("Counter(1).add()", "TypeError: Counter.add() takes exactly 1 argument (0 given)"),
            (
                "Counter(1).add('x')",
                "TypeError: Counter.add() argument 1: expected int, found str"
            ),
            ("Counter(1).add(1, n=2)", "TypeError: Counter.add() takes no keyword arguments"),
            (
                "Counter(1).merge(1)",
                "TypeError: Counter.merge() argument 1: expected Counter, found int"
            ),
            ("Counter(1).value = 'x'", "TypeError: Counter.value: expected int, found str"),
            ("del Counter(1).value", "AttributeError: property 'value' has no deleter"),
            (
                "Counter(1).double = 1",
                "AttributeError: attribute 'double' of 'fixture_classes.Counter' objects is not writable"
            ),
            (
                "Counter(1).colour = 1",
                "AttributeError: 'fixture_classes.Counter' object has no attribute 'colour'"
            ),
            (
                "Counter.value = 1",
                "TypeError: cannot set 'value' attribute of immutable type 'fixture_classes.Counter'"
            ),
            (
                "Counter.add(1, 2)",
                "TypeError: descriptor 'add' for 'fixture_classes.Counter' objects doesn't apply to a 'int' object"
            ),
            (
                "Sealed()",
                "TypeError: cannot create 'fixture_classes.Sealed' instances: its Swift class exports no initialiser"
            ),
            (
                "Counter.__new__(int)",
                "TypeError: fixture_classes.Counter.__new__(int): int is not a subtype of fixture_classes.Counter"
            ),
            (
                "Counter(1).__init__(2)",
                "RuntimeError: this fixture_classes.Counter object is initialised already"
            ),
            (
                "class Both(Counter, Vector): pass",
                "TypeError: multiple bases have instance lay-out conflict"
            ),
            (
                "Counter(1).__class__ = Vector",
                "TypeError: __class__ assignment only supported for mutable types or ModuleType subclasses"
            ),
            (
                "unregistered()",
                "RuntimeError: The class Unregistered is not known to Python: put Unregistered.pythonClass into a PythonModule and register that first."
            ),
        ]
    )
    func refusals(source: String, message: String) async throws {
        let failure = try await ClassFixture.failure(source)
        // 3.12 and later leave the module out of some of these, or add words.
        let plain = failure.replacing("fixture_classes.", with: "")
        #expect(plain.hasPrefix(message.replacing("fixture_classes.", with: "")), "\(failure)")
    }

    @Test(
        "Methods and initialisers with described parameters are called as Python's own",
        arguments: [
            ("Named(name='x')", "['x', 1]"), ("Named('x', 5)", "['x', 5]"),
            ("Named('x', size=5)", "['x', 5]"),
            ("Named('x').scaled(by=3)", "3"), ("Named('x', 2).scaled()", "4"),
            ("await Named('x', 2).later(by=3)", "6"),
            ("import inspect; str(inspect.signature(Named))", "'(name, size=1)'"),
            ("import inspect; str(inspect.signature(Named.scaled))", "'(self, /, *, by=2)'"),
            ("Named()", "TypeError: Named() missing 1 required positional argument: 'name'"),
            (
                "Named('x', 1, 2)",
                "TypeError: Named() takes from 1 to 2 positional arguments but 3 were given"
            ),
            (
                "Named('x', colour=1)",
                "TypeError: Named() got an unexpected keyword argument 'colour'"
            ),
            ("Named(5)", "TypeError: Named() argument 'name': expected str, found int"),
            (
                "Named('x').scaled(3)",
                "TypeError: Named.scaled() takes 1 positional argument but 2 were given"
            ),
            (
                "Named('x').scaled(by='x')",
                "TypeError: Named.scaled() argument 'by': expected int, found str"
            ),
            ("class Sub(Named): pass\nSub(name='y', size=3)", "['y', 3]"),
        ]
    )
    func describedParameters(source: String, expected: String) async throws {
        final class Named: PythonClassInstance {
            let name: String
            let size: Int
            init(_ name: String, _ size: Int) { (self.name, self.size) = (name, size) }

            static let pythonClass = PythonClass(Named.self) {
                PythonInitializer(.positional("name"), .positional("size", default: 1)) {
                    (name: String, size: Int) in Named(name, size)
                }
                PythonMethod("scaled", .keyword("by", default: 2)) { (named, factor: Int) in
                    named.size * factor
                }
                PythonMethod("later", .keyword("by", default: 2)) {
                    (named, factor: Int) async -> Int in
                    await Task.yield()
                    return named.size * factor
                }
                PythonOperator(.repr) { "['\($0.name)', \($0.size)]" }
            }
        }
        try await Python.register(PythonModule("named_class") { Named.pythonClass })
        let block = source.split(separator: "\n").map { "    " + $0 }
        let value = try await runAlone(
            """
            from named_class import Named
            import ast
            try:
            \(block.dropLast().joined(separator: "\n"))
                result = repr(\(block.last?.split(separator: ";").last ?? ""))
            except TypeError as error: result = f'TypeError: {error}'
            result
            """.replacing("import inspect; ", with: "")
                .replacing("import ast", with: "import ast, inspect")
        )
        #expect(try await PythonActor.run { try value.converted(to: String.self) } == expected)
    }

    @Test("Methods that are async start at once and give futures")
    func asyncMethods() async throws {
        let value = try await ClassFixture.run(
            """
            import asyncio
            c = Counter(1)
            future = c.at_once(5)
            done, value = future.done(), c.value
            [isinstance(future, asyncio.Future), done, value, await future, await c.later(2),
             await asyncio.gather(*[Counter(n).later(1) for n in range(3)])]
            """
        )
        #expect(value == "[True, True, 5, None, 7, [1, 2, 3]]")
    }

    @Test("An async method keeps its instance alive until it ends")
    func asyncMethodHoldsInstance() async throws {
        #expect(try await ClassFixture.run("f = Counter(8).later(1)\nawait f") == "9")
    }

    @Test(
        "A Swift error passes through Python and arrives as the same value",
        arguments: [
            ("lambda: Counter(-4)", "-4"),
            ("lambda: Counter(1).broken", "7"),
            ("lambda: Counter(1).fail(3)", "3"),
            ("lambda: Vector(1, 2) / 0", "0"),
            ("lambda: list(Countdown(13))", "13"),
        ]
    )
    func errors(source: String, code: String) async throws {
        #expect(try await ClassFixture.run("swift_error_code(\(source))") == code)
        let failure = try await ClassFixture.failure("(\(source))()")
        #expect(failure.hasPrefix("SwiftError: CounterError"))
    }

    @Test("An error in an async method is in the future")
    func asyncError() async throws {
        let error = await #expect(throws: CounterError.self) {
            try await ClassFixture.run("await Counter(1).fail_later(4)")
        }
        #expect(error == CounterError(code: 4))
    }

    @Test(
        "A Swift subclass is a Python subclass",
        arguments: [
            (
                "c = LoudCounter(2, 'ann'); [c.shout(), c.name, c.add(3), c.value, c.limit]",
                "['ANN!', 'ann', 5, 5, 100]"
            ),
            (
                "issubclass(LoudCounter, Counter), LoudCounter.__mro__[1] is Counter",
                "(True, True)"
            ),
            ("c = Counter(1); c.merge(LoudCounter(2, 'x')); c.value", "3"),
            ("type(LoudCounter(1, 'x').this()) is LoudCounter", "True"),
            ("type(hidden()) is Counter, hidden().value", "(True, 5)"),
            ("class C(LoudCounter): pass\nC(1, 'x').shout()", "'X!'"),
        ]
    )
    func swiftSubclass(source: String, expected: String) async throws {
        #expect(try await ClassFixture.run(source) == expected)
    }

    @Test("An object cannot be turned into one of a Swift subclass")
    func classAssignment() async throws {
        let failure = try await ClassFixture.failure("Counter(1).__class__ = LoudCounter")
        #expect(failure.hasPrefix("TypeError: "))
    }

    @Test("A description that cannot be made is refused with the reason")
    func invalidDescriptions() async throws {
        final class First: PythonClassInstance {
            static let pythonClass = PythonClass(First.self, base: Counter.self) {}
        }
        final class Second: PythonClassInstance {
            static let pythonClass = PythonClass(Second.self, "a.b") {}
        }
        final class Third: PythonClassInstance {
            static let pythonClass = PythonClass(Third.self) {
                for index in 0..<257 { PythonMethod("m\(index)") { _ in index } }
            }
        }
        try await Python.register(ClassFixture.module)
        for (description, message) in [
            (First.pythonClass, "First is no subclass of Counter: remove `base`."),
            (Second.pythonClass, "'a.b' cannot name a class: write a Python identifier."),
            (
                Third.pythonClass,
                "Third has 257 methods and operators with those of its base; 256 are possible: "
                    + "divide it into several classes."
            ),
        ] {
            let error = await #expect(throws: AmaruError.self) {
                try await Python.register(PythonModule("invalid_classes") { description })
            }
            #expect(error?.code == .invalidClass)
            #expect(error?.message == message)
        }
    }

    @Test("The last of 256 methods is called, and no other")
    func manyMethods() async throws {
        final class Many: PythonClassInstance {
            static let pythonClass = PythonClass(Many.self) {
                PythonInitializer { () in Many() }
                for index in 0..<256 { PythonMethod("m\(index)") { _ in index } }
            }
        }
        try await Python.register(PythonModule("many_methods") { Many.pythonClass })
        let value = try await runAlone(
            "import many_methods\nm = many_methods.Many()\n"
                + "all(getattr(m, f'm{i}')() == i for i in range(256))"
        )
        #expect(try await PythonActor.run { try value.converted(to: Bool.self) })
    }
}
