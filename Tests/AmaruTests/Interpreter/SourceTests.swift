// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("Sources are told apart", .python)
struct SourceTests {
    @Test("Two sources that are one text to Swift are two to Python")
    func canonicalEquivalence() async throws {
        let lengths = try await PythonActor.run {
            try ["len('e\u{301}')", "len('\u{e9}')", "len('e\u{301}')"].map { (source: String) in
                try Python.eval(source, as: Int.self)
            }
        }
        #expect(lengths == [2, 1, 2])
    }

    @Test("Sources that run at once do not share their names")
    func separate() async throws {
        try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for number in 0..<8 {
                group.addTask {
                    let value = try await Python.run(
                        "import asyncio\nx = \(number)\nawait asyncio.sleep(0.01)\nx"
                    )
                    return (number, try await PythonActor.run { try Int(value) })
                }
            }
            for try await (number, value) in group { #expect(value == number) }
        }
    }

    @Test("A source runs as __main__, and in its namespace if that is asked for")
    func shared() async throws {
        let name = try await Python.run("__name__")
        #expect(try await PythonActor.run { try String(name) } == "__main__")
        try await Python.run("shared_value = 5", globals: Python.globals())
        let value = try await Python.run("shared_value", globals: Python.globals())
        #expect(try await PythonActor.run { try Int(value) } == 5)
        await #expect(throws: PythonException.self) { try await Python.run("shared_value") }
        await #expect(throws: PythonException.self) {
            try await Python.runFile("shared_value", path: "shared.py")
        }
    }

    @Test("A file is read in the encoding that it declares, and text as it is")
    func encodings() async throws {
        let names = try await PythonActor.run { try Python.eval("{}") }
        let latin = Data("# coding: latin-1\nfirst = 'x".utf8) + [0xE4] + Data("'\n".utf8)
        try await Python.runFile(latin, path: "latin.py", globals: names)
        try await Python.runFile(
            "# coding: latin-1\nsecond = 'xä'",
            path: "text.py",
            globals: names
        )
        let values = try await PythonActor.run {
            try [names["first"], names["second"]] as [String]
        }
        #expect(values == ["xä", "xä"])
    }

    @Test("A file that is no source is refused", arguments: ["x = 1\0", "def", "x = 'ä'"])
    func refusedFiles(_ source: String) async throws {
        // The last one is in no encoding that it declares.
        let bytes = source.unicodeScalars.map { UInt8($0.value) }
        await #expect(throws: (any Error).self) {
            try await Python.runFile(Data(bytes), path: "refused.py")
        }
    }

    @Test("A traceback and inspect show the lines of the right source")
    func lines() async throws {
        let first = try await Python.run("def fail():\n    raise ValueError('first')\nfail")
        try await Python.run("'of the second source'\n'and its second line'\n'and its third'")
        let error = await #expect(throws: PythonException.self) {
            try await PythonActor.run { try first() }
        }
        #expect(error?.traceback.contains("    raise ValueError('first')\n") == true)
        let source = try await PythonActor.run {
            try Python.import("inspect").getsource(first) as String
        }
        #expect(source == "def fail():\n    raise ValueError('first')\n")
    }

    @Test("What is kept of 10,000 sources for tracebacks is bounded")
    func bounded() async throws {
        let cache = try await PythonActor.run { try Python.eval("__import__('linecache').cache") }
        for number in 0..<5_000 {
            try await Python.run("x = \(number)")
            try await Python.run("x = \(number)", filename: "<named \(number)>")
        }
        let names = try await PythonActor.run {
            try [String](Python.builtin("list")(cache) as PythonObject)
        }
        #expect(names.filter { $0.hasPrefix("<") }.count <= 256)
    }
}
