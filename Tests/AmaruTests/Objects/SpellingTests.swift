// What everyone types first.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("What one types works", .python)
struct SpellingTests {
    @Test("An object prints as str() gives it on the Python thread, and as a hint elsewhere")
    func printing() async throws {
        let object = try await PythonActor.run {
            let object = try Python.eval("[1, 'x']")
            #expect("\(object)" == "[1, 'x']")
            #expect(String(describing: object) == "[1, 'x']")
            #expect("\([object])" == "[[1, 'x']]")
            let broken = try Python.eval(
                "type('Broken', (), {'__str__': lambda self: 1 / 0})()"
            )
            #expect("\(broken)".hasPrefix("<Broken object, whose str() failed: "))
            #expect("\(broken)".contains("ZeroDivisionError"))
            // It left no exception behind.
            #expect(try Python.eval("1 + 1", as: Int.self) == 2)
            // An attribute of that name is still Python's.
            let cursor = try Python.eval("type('Cursor', (), {'description': 'columns'})()")
            #expect(try cursor.description == "columns")
            return object
        }
        #expect("\(object)" == "<Python object: print it in PythonActor.run { … }>")
    }

    @Test("nil is None, among positional and keyword arguments, of objects and of methods")
    func none() async throws {
        try await PythonActor.run {
            let show = try Python.eval("lambda *a, **k: repr((a, k))")
            #expect(try show(nil) == "((None,), {})")
            #expect(try show(1, nil, "x") == "((1, None, 'x'), {})")
            #expect(try show(x: nil) == "((), {'x': None})")
            #expect(try show(1, x: nil, y: "y") == "((1,), {'x': None, 'y': 'y'})")
            let text: String = try show(nil)
            #expect(text == "((None,), {})")
            let holder = try Python.eval("__import__('types').SimpleNamespace()")
            try holder.setAttribute("show", to: show)
            #expect(try holder.show(nil) == "((None,), {})")
            #expect(try holder.show(x: nil) == "((), {'x': None})")
            let named: String = try holder.show(2, x: nil)
            #expect(named == "((2,), {'x': None})")
            #expect(try Python.eval("' a b '").split(nil, 1).converted() == ["a", "b "])
        }
    }

    @Test("A slice with a bound that counts from the end")
    func slices() async throws {
        try await PythonActor.run {
            let list = try PythonObject([0, 1, 2, 3, 4])
            let two = 2
            #expect(try list[PythonSlice(from: 1, to: -1)] == [1, 2, 3])
            #expect(try list[..<-2] == [0, 1, 2])
            #expect(try list[..<-two] == [0, 1, 2])
            #expect(try list[...-2] == [0, 1, 2, 3])
            #expect(try list[...-1] == [0, 1, 2, 3, 4])
            #expect(try list[-3...] == [2, 3, 4])
            #expect(try list[-two...] == [3, 4])
            #expect(try list[-3 ..< -1] == [2, 3])
            let last: [Int] = try list[-1...]
            #expect(last == [4])
            try list.setItem(..<-1, to: [nil])
            #expect(try Python.repr(list) == "[None, 4]")
            try list.deleteItem(-1...)
            #expect(try Python.repr(list) == "[None]")
        }
    }

    @Test("Parts of Swift's collections, and whatever is a sequence, are arguments")
    func parts() async throws {
        try await PythonActor.run {
            let show = try Python.builtin("repr")
            #expect(try show([1, 2, 3].dropFirst()) == "[2, 3]")
            #expect(try show("a,b".split(separator: ",")) == "['a', 'b']")
            #expect(try show("abc".dropLast()) == "'ab'")
            #expect(try show("abc".first) == "'a'")
            let sequence: any Sequence<Int> = stride(from: 6, to: 0, by: -2)
            #expect(try Python.list(sequence) == [6, 4, 2])
        }
    }

    @Test("Lists and dicts of several types, nested and in their order")
    func collections() async throws {
        try await PythonActor.run {
            let count = 3
            let list = try Python.list([1, "x", nil, 2.5, Python.list([true, "y"])])
            #expect(try Python.repr(list) == "[1, 'x', None, 2.5, [True, 'y']]")
            let dict = try Python.dict(
                ["b": [1], "a": "x", 3: nil, "n": count, "d": Python.dict(["k": 1, "l": [2.5]])]
            )
            #expect(
                try Python.repr(dict)
                    == "{'b': [1], 'a': 'x', 3: None, 'n': 3, 'd': {'k': 1, 'l': [2.5]}}"
            )
            #expect(try Python.repr(Python.list([])) == "[]")
            #expect(try Python.repr(Python.list((1...3).lazy.map { $0 * 2 })) == "[2, 4, 6]")
            #expect(try Python.repr(Python.list("ab".utf8)) == "[97, 98]")
            let error = #expect(throws: PythonConversionError.self) {
                try Python.dict(["a": Python.list([1]), "b": Refused()])
            }
            #expect(error?.path == ["[b]"])
            #expect(throws: PythonException.self) { try Python.dict([[1]: 1]) }
        }
    }

    @Test("A literal of several types is an argument")
    func literals() async throws {
        try await PythonActor.run {
            let count = 3
            let show = try Python.eval("__import__('types').SimpleNamespace(it=repr)")
            #expect(try show.it([1, "x"]) == "[1, 'x']")
            #expect(try show.it(["b": 1, "a": "x", "n": count]) == "{'a': 'x', 'b': 1, 'n': 3}")
            let it: PythonObject = try show.it
            #expect(try it([1, "x"]) == "[1, 'x']")
            #expect(try it(["a": [1], "b": ["x"]]) == "{'a': [1], 'b': ['x']}")
            let text: String = try it([1, 2])
            #expect(text == "[1, 2]")
        }
    }

    @Test("Literals of several types, nested, beside others, by keyword and with a typed result")
    func nestedLiterals() async throws {
        try await PythonActor.run {
            let show = try Python.eval("lambda *a, **k: repr((a, k))")
            let holder = try Python.eval("__import__('types').SimpleNamespace()")
            try holder.setAttribute("show", to: show)
            let expected = "(({'a': [1], 'b': ['x']}, 2), {'k': [1, None]})"
            #expect(try show(["a": [1], "b": ["x"]], 2, k: [1, nil]) == expected)
            #expect(try holder.show(["a": [1], "b": ["x"]], 2, k: [1, nil]) == expected)
            let text: String = try holder.show(["a": [1], "b": ["x"]], 2, k: [1, nil])
            #expect(text == expected)
            let named: String = try show(data: ["b": 1, "a": [2.5, true, nil, "\(1 + 1)"]])
            #expect(named == "((), {'data': {'b': 1, 'a': [2.5, True, None, '2']}})")
            let typed: String = try show(["b": 1, "a": "x"])
            #expect(typed == "(({'a': 'x', 'b': 1},), {})")
            let count = 3
            let rows: PythonValue = [["n": .value(count), 2: [:]], [], nil]
            #expect(try show(rows, count) == "(([{'n': 3, 2: {}}, [], None], 3), {})")
            let error = #expect(throws: PythonConversionError.self) {
                try show(["a": [1, .value(Refused())], "b": "x"])
            }
            #expect(error?.path == ["argument 1", "[a]", "[1]"])
            let unhashable: PythonValue = [[1]: 1]
            #expect(throws: PythonException.self) { try show(unhashable) }
        }
    }

    @Test("A literal of integers and floats keeps them apart, alone or as a value")
    func mixedNumbers() async throws {
        try await PythonActor.run {
            let show = try Python.eval("repr")
            let holder = try Python.eval("__import__('types').SimpleNamespace(it=repr)")
            #expect(try show([1, 2.5]) == "[1, 2.5]")
            #expect(try holder.it([1, 2.5]) == "[1, 2.5]")
            #expect(try Python.builtin("repr")([1, 2.5]) == "[1, 2.5]")
            let text: String = try holder.it([1, 2.5])
            #expect(text == "[1, 2.5]")
            let values: [Double] = [1, 2.5]
            #expect(try holder.it(values) == "[1.0, 2.5]")
            let value: PythonValue = [[1, 2.5], [3]]
            #expect(try holder.it(value) == "[[1, 2.5], [3]]")
        }
    }

    @Test("nil and literals of several types are set as items and attributes")
    func assignedLiterals() async throws {
        try await PythonActor.run {
            let dict = try Python.eval("{}")
            try dict.setItem("none", to: nil)
            try dict.setItem("mixed", to: [1, "x", nil])
            try dict.setItem("typed", to: [1, 2])
            #expect(
                try Python.repr(dict) == "{'none': None, 'mixed': [1, 'x', None], 'typed': [1, 2]}"
            )
            let holder = try Python.eval("__import__('types').SimpleNamespace()")
            let name = "other"
            try holder.setAttribute("none", to: nil)
            try holder.setAttribute(name, to: ["a": nil])
            #expect(try Python.repr(holder) == "namespace(none=None, other={'a': None})")
            #expect(throws: PythonException.self) { try PythonObject(1).setAttribute("x", to: nil) }
        }
    }

    private struct Refused: ConvertibleToPython {
        func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
            throw PythonConversionError(.value, "refused")
        }
    }

    @Test("Arguments that are known only at run time")
    func runTimeArguments() async throws {
        try await PythonActor.run {
            let show = try Python.eval("lambda *a, **k: repr((a, k))")
            let arguments: [any ConvertibleToPython] = [1, "x"]
            let keywords: [String: any ConvertibleToPython] = ["z": 1, "a": [2]]
            let text = try Python.call(show, arguments: arguments, keywords: keywords)
            #expect(try text == "((1, 'x'), {'a': [2], 'z': 1})")
            #expect(try Python.call(show) == "((), {})")
            #expect(
                try Python.call(show, arguments: [nil], keywords: ["k": nil])
                    == "((None,), {'k': None})"
            )
            #expect(throws: PythonException.self) { try Python.call(Python.eval("1")) }
        }
    }

    @Test("A closure is an argument")
    func closures() async throws {
        struct Refused: Error, Equatable {}
        try await PythonActor.run {
            let list = try Python.eval("[2, 3, 1]")
            try list.sort(key: PythonFunction { (x: Int) in -x })
            #expect(try Python.repr(list) == "[3, 2, 1]")
            let map = try Python.builtin("map")
            let mapped: PythonObject = try map(PythonFunction { (x: Int) in "\(x)!" }, list)
            #expect(try Python.elements(of: mapped) == ["3!", "2!", "1!"])
            let failing: PythonObject = try map(
                PythonFunction { (_: Int) throws in throw Refused() },
                list
            )
            #expect(throws: Refused.self) { try failing.makeIterator().next() as PythonObject? }
            let name = try Python.eval("lambda f: f.__name__")
            #expect(try name(PythonFunction { () in 1 }) == "<closure>")
            #expect(try name(PythonFunction("double") { (x: Int) in 2 * x }) == "double")
        }
    }

    @Test("A closure given to Python is freed with the function")
    func closureLife() async throws {
        final class Token: Sendable {}
        try await PythonActor.run {
            weak var seen: Token?
            do {
                let token = Token()
                seen = token
                let keep = try Python.eval("lambda f: [f]")
                let kept = try keep(PythonFunction { () in "\(token)" })
                #expect(seen != nil)
                _ = kept
            }
            #expect(seen == nil)
        }
    }

    @Test("A comparison with a point gives what Python's gives")
    func elementWise() async throws {
        try await PythonActor.run {
            let pair = try Python.eval(
                """
                type('Vector', (list,), {
                    f'__{n}__': (lambda n: lambda s, o: f'{n} {o}')(n)
                    for n in ('eq', 'ne', 'lt', 'le', 'gt', 'ge')
                })()
                """
            )
            #expect(try (pair .== 1).converted() == "eq 1")
            #expect(try (pair .!= 1).converted() == "ne 1")
            #expect(try (pair .< 1).converted() == "lt 1")
            #expect(try (pair .<= 1).converted() == "le 1")
            #expect(try (pair .> 1).converted() == "gt 1")
            #expect(try (pair .>= 1).converted() == "ge 1")
        }
    }

    @Test("What has __index__ is an integer; what __float__ gives exactly is a double")
    func numberProtocols() async throws {
        try await PythonActor.run {
            @PythonActor func number<Value: ConvertibleFromPython>(
                _ source: String
            ) throws -> Value {
                try Python.eval(source, as: Value.self)
            }
            @PythonActor func expect<Value: ConvertibleFromPython & Equatable>(
                _ source: String,
                _ value: Value
            ) throws {
                let found: Value = try number(source)
                #expect(found == value)
            }
            let index = "type('Index', (), {'__index__': lambda self: 2**70})()"
            try expect("type('Index', (), {'__index__': lambda self: 300})()", 300)
            try expect(index, Int128(1) << 70)
            try expect(index, PythonInteger(Int128(1) << 70))
            try expect("__import__('decimal').Decimal('0.5')", 0.5)
            try expect("__import__('fractions').Fraction(3, 4)", 0.75)
            try expect("[__import__('fractions').Fraction(1, 2)]", [0.5])
            for inexact in ["decimal').Decimal('0.1')", "fractions').Fraction(1, 3)"] {
                let error = #expect(throws: PythonConversionError.self) {
                    try number("__import__('" + inexact) as Double
                }
                #expect(error?.reason.contains("expected a number that a double equals") == true)
            }
            #expect(throws: PythonConversionError.self) { try number(index) as Int }
            #expect(throws: PythonConversionError.self) { try number("2.0") as Int }
            #expect(throws: PythonConversionError.self) { try number("'2'") as Double }
            #expect(throws: PythonConversionError.self) { try number("True") as Double }
            #expect(throws: PythonConversionError.self) { try number("1j") as Double }
            let raising = "type('Raising', (), {'__index__': lambda self: 1 / 0})()"
            let error = #expect(throws: PythonException.self) { try number(raising) as Int }
            #expect(error?.typeName == "ZeroDivisionError")
        }
    }

    @Test("An element that empties its list while it converts is no trap")
    func emptyingList() async throws {
        try await PythonActor.run {
            let source = """
                (lambda items: items.extend(
                    type('Emptying', (), {'__index__': lambda self: items.clear() or 1})()
                    for _ in range(3)
                ) or items)([])
                """
            let numbers = try [Int](Python.eval(source))
            #expect(numbers == [1])
        }
    }

    @Test("A buffer of one dimension is an array, and the parameter of a function")
    func buffers() async throws {
        try await PythonActor.run {
            let doubles = try Python.eval("__import__('array').array('d', [1.5, 2.5])")
            #expect(try [Double](doubles) == [1.5, 2.5])
            #expect(throws: PythonConversionError.self) { try [Int](doubles) }
            #expect(throws: PythonConversionError.self) { try [String](doubles) }
            #expect(try [UInt8](Python.eval("b'ab'")) == [97, 98])
            let half = try Python.eval("memoryview(__import__('array').array('q', [1, 2, 3]))[::2]")
            #expect(try [Int](half) == [1, 3])
            let sum = PythonFunction { (x: [Double]) in x.reduce(0, +) }
            #expect(try PythonObject(sum)(doubles) == 4.0)
            #expect(try Python.repr(PythonObject([1, 2, 3, 4][1...2])) == "[2, 3]")
        }
    }
}
