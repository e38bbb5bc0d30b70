// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// Each Swift function beside the Python one that it is compared with.
@Suite("Parameters of Swift functions", .python)
struct SignatureTests {
    private static let module = PythonModule("signature_module") {
        PythonFunction("one", .positional("x")) { (x: Int) in "\(x)" }
        PythonFunction("two", .positional("x"), .positional("y", default: 7)) {
            (x: Int, y: Int) in "\(x) \(y)"
        }
        PythonFunction(
            "places",
            .positionalOnly("a"),
            .positionalOnly("b", default: 2),
            .positional("c", default: 3)
        ) { (a: Int, b: Int, c: Int) in "\(a) \(b) \(c)" }
        PythonFunction("fetch", .positional("url"), .keyword("timeout", default: 30.0)) {
            (url: String, timeout: Double) in "\(url) \(timeout)"
        }
        PythonFunction("named", .keyword("a"), .keyword("b", default: 2), .keyword("c")) {
            (a: Int, b: Int, c: Int) in "\(a) \(b) \(c)"
        }
        PythonFunction(
            "all",
            .positionalOnly("a"),
            .positional("b", default: nil),
            .arguments("rest"),
            .keyword("c", default: "x"),
            .keywords("options")
        ) { (a: Int, b: Int?, rest: [Int], c: String, options: PythonKeywords<Int>) in
            "\(a) \(b.map(String.init) ?? "None") \(rest) \(c) \(options.map { "\($0)=\($1)" })"
        }
        PythonFunction("many", .positional("a"), .positional("b"), .positional("c")) {
            (a: Int, b: Int, c: Int) in "\(a) \(b) \(c)"
        }
        PythonFunction("mapping", .keywords("options")) { (options: [String: Int]) in
            "\(options.sorted { $0.key < $1.key }.map { "\($0)=\($1)" })"
        }
    }

    private static let twins = """
        import inspect, signature_module as swift
        class python:
            def one(x): return f'{x}'
            def two(x, y=7): return f'{x} {y}'
            def places(a, b=2, /, c=3): return f'{a} {b} {c}'
            def fetch(url, *, timeout=30.0): return f'{url} {timeout}'
            def named(*, a, b=2, c): return f'{a} {b} {c}'
            def all(a, /, b=None, *rest, c='x', **options):
                options = ', '.join(f'"{k}={v}"' for k, v in options.items())
                return f'{a} {b} {list(rest)} {c} [{options}]'
            def many(a, b, c): return f'{a} {b} {c}'
            def mapping(**options):
                return '[' + ', '.join(f'"{k}={v}"' for k, v in sorted(options.items())) + ']'
        for each in vars(python).values():
            if callable(each): each.__qualname__ = each.__name__
        def outcome(call):
            try: return call()
            except Exception as error: return type(error).__name__, str(error)
        """

    @Test(
        "A call gives what a Python function of the same signature gives, errors word for word",
        arguments: [
            "one(1)", "one(x=1)", "one()", "one(1, 2)", "one(1, x=2)", "one(y=1)", "one(1, y=1)",
            "one(1, 2, 3, y=4)", "one(**{'x': 3})", "one(**{'x' + '': 3})", "one(xx=1)",
            "two(1)", "two(1, 2)", "two(y=2, x=1)", "two(y=2)", "two(1, 2, 3)", "two(1, 2, y=3)",
            "two()", "two(z=1)", "two(1, z=1)",
            "places(1)", "places(1, 2, 3)", "places(1, c=3)", "places(a=1)", "places(1, b=2)",
            "places(a=1, b=2)", "places()", "places(1, 2, 3, 4)", "places(1, 2, 3, c=4)",
            "fetch('u')", "fetch('u', timeout=1.5)", "fetch(url='u')", "fetch('u', 3.0)",
            "fetch('u', 3.0, timeout=2.0)", "fetch(timeout=2.0)", "fetch('u', timeuot=2.0)",
            "named(a=1, c=3)", "named(c=3, a=1, b=5)", "named()", "named(a=1)", "named(1, 2)",
            "named(1, a=1, c=2)", "named(b=1)",
            "all(1)", "all(1, 2)", "all(1, 2, 3, 4)", "all(1, 2, 3, c='y', d=1, e=2)",
            "all(1, a=5)", "all(1, b=5, z=1, y=2)", "all(1, rest=3)", "all(1, options=3)",
            "all(1, 2, b=3)", "all()", "all(b=1)",
            "many()", "many(1)", "many(1, 2)", "many(c=1)", "many(b=1)", "many(1, 2, 3, 4)",
            "many(*range(9))", "many(*[1, 2], **{'c': 3})", "many(1, 2, **{'a': 3})",
            "mapping()", "mapping(b=2, a=1)", "mapping(1)", "mapping(**{'not a name': 1})",
        ]
    )
    func call(_ call: String) async throws {
        try await Python.register(Self.module)
        let outcomes = try await runAlone(
            Self.twins + "\n[repr(outcome(lambda: m.\(call))) for m in (swift, python)]"
        )
        let texts = try await PythonActor.run { try outcomes.converted(to: [String].self) }
        try #require(texts.count == 2)
        #expect(texts[0] == texts[1])
    }

    @Test(
        "inspect sees the signature of the Python function",
        arguments: ["one", "two", "places", "fetch", "named", "all", "many", "mapping"]
    )
    func inspected(_ name: String) async throws {
        try await Python.register(Self.module)
        let signatures = try await runAlone(
            Self.twins + "\n[str(inspect.signature(m.\(name))) for m in (swift, python)]"
        )
        let texts = try await PythonActor.run { try signatures.converted(to: [String].self) }
        try #require(texts.count == 2)
        #expect(texts[0] == texts[1])
    }

    @Test(
        "An argument that does not convert is named as it is in the signature",
        arguments: [
            ("one('a')", "TypeError", "one() argument 'x': expected int, found str"),
            ("one(x='a')", "TypeError", "one() argument 'x': expected int, found str"),
            ("fetch('u', timeout='x')", "TypeError", "fetch() argument 'timeout': expected"),
            ("all(1, 2, 3, 'x')", "TypeError", "all() argument '*rest'[1]: expected int"),
            ("all(1, d='x')", "TypeError", "all() argument '**options'[d]: expected int"),
            ("mapping(d='x')", "TypeError", "mapping() argument '**options'[d]: expected int"),
            ("one(2 ** 64)", "OverflowError", "one() argument 'x': int does not fit in Int"),
        ]
    )
    func wrongType(call: String, type: String, message: String) async throws {
        try await Python.register(Self.module)
        let error = await #expect(throws: PythonException.self) {
            try await runAlone("import signature_module\nsignature_module.\(call)")
        }
        #expect(error?.typeName == type)
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }

    @Test("A keyword that is an instance of a subclass of str finds its parameter")
    func subclassedKeyword() async throws {
        try await Python.register(Self.module)
        let value = try await runAlone(
            """
            import signature_module as m
            class S(str):
                def __eq__(self, other):
                    if fails: raise ZeroDivisionError
                    return str(self) == other
                __hash__ = str.__hash__
            fails = False
            first = m.one(**{S('x'): 3})
            fails = True
            try: m.one(**{S('x'): 3})
            except ZeroDivisionError: first += '!'
            first
            """
        )
        #expect(try await PythonActor.run { try String(value) } == "3!")
    }

    @Test("A default that is no literal is shown as dots, and is the Swift value all the same")
    func opaqueDefault() async throws {
        try await Python.register(
            PythonModule("opaque_default") {
                PythonFunction("f", .positional("x", default: Double.infinity)) { (x: Double) in
                    x.isInfinite
                }
                PythonFunction("g", .positional("x", default: [1: ["a", "\n"]])) {
                    (x: [Int: [String]]) in x[1] ?? []
                }
            }
        )
        let value = try await runAlone(
            """
            import inspect, opaque_default as m
            [str(inspect.signature(m.f)), m.f(), str(inspect.signature(m.g)), m.g()]
            """
        )
        #expect(
            try await PythonActor.run { try Python.repr(value) }
                == #"['(x=Ellipsis)', True, "(x={1: ['a', '\\n']})", ['a', '\n']]"#
        )
    }

    @Test("To Python it is a function of its module: name, qualified name, repr, pickle, docstring")
    func identity() async throws {
        try await Python.register(
            PythonModule("identified_module") {
                PythonFunction("f", .positional("x"), documentation: "Does it.\n\nWell.") {
                    (x: Int) in x
                }
                PythonFunction("g") { (x: Int) in x }
            }
        )
        let value = try await runAlone(
            """
            import identified_module as m, inspect, pickle, types
            [m.f.__name__, m.f.__qualname__, m.f.__module__, repr(m.f), m.f.__doc__,
             pickle.loads(pickle.dumps(m.f)) is m.f, m.g.__doc__, str(inspect.signature(m.g)),
             inspect.isbuiltin(m.f), inspect.ismodule(m.f.__self__), m.f.__self__.__name__,
             m.f.__text_signature__]
            """
        )
        let text = try await PythonActor.run { try Python.repr(value) }
        #expect(
            text == """
                ['f', 'f', 'identified_module', '<built-in function f>', 'Does it.\\n\\nWell.', \
                True, None, '(arg1, /)', True, True, 'identified_module', '(x)']
                """
        )
    }

    @Test("What holds the closure can neither be made nor changed from Python, and can be used")
    func context() async throws {
        try await Python.register(
            PythonModule("context_module") { PythonFunction("f") { () in 1 } }
        )
        let value = try await runAlone(
            """
            import context_module as m, gc
            context = m.f.__self__
            kind = type(context)
            def attempt(body):
                try: return body()
                except (TypeError, AttributeError) as error: return type(error).__name__
            outcomes = [attempt(lambda: kind()), attempt(lambda: kind.__new__(kind)),
                attempt(lambda: type(gc).__new__(kind)),
                attempt(lambda: setattr(kind, 'x', 1)),
                attempt(lambda: type('Sub', (kind,), {})),
                attempt(lambda: setattr(context, '__class__', type(gc)))]
            context.mine = context
            vars(context), dir(context), repr(context), gc.collect()
            attempt(lambda: context.missing)
            f = m.f
            del context, kind
            outcomes + [f()]
            """
        )
        #expect(
            try await PythonActor.run { try Python.repr(value) }
                == "['TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError', 1]"
        )
    }
}
