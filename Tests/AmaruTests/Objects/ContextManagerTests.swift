// Context managers from Swift.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

private struct Refusal: Error, Equatable { let number: Int }

@Suite("Context managers", .python)
struct ContextManagerTests {
    /// A manager that notes what happens to it.
    private static func recorder(suppressing: Bool = false) async throws -> PythonObject {
        try await runAlone(
            """
            class Recorder:
                def __init__(self): self.log = []
                def __enter__(self):
                    self.log.append('enter')
                    return 42
                def __exit__(self, kind, error, traceback):
                    self.log.append((kind and kind.__name__, str(error), traceback is None))
                    return \(suppressing ? "True" : "False")
            Recorder()
            """
        )
    }

    @Test("The body gets what __enter__ returns, and __exit__ three Nones")
    func success() async throws {
        let manager = try await Self.recorder()
        try await PythonActor.run {
            let result = try Python.with(manager) { value in try Int(value) + 1 }
            #expect(result == 43)
            #expect(try Python.repr(manager.log) == "['enter', (None, 'None', True)]")
        }
    }

    @Test("An exception of Python code reaches __exit__ as the same object, and is thrown on")
    func pythonFailure() async throws {
        let manager = try await Self.recorder()
        try await PythonActor.run {
            let error = #expect(throws: PythonException.self) {
                try Python.with(manager) { _ in try Python.exec("{}['missing']") }
            }
            #expect(error?.typeName == "KeyError")
            let log = try Python.repr(manager.log)
            #expect(log == #"['enter', ('KeyError', "'missing'", False)]"#)
        }
    }

    @Test("A Swift error reaches __exit__, and the same value is thrown on")
    func swiftFailure() async throws {
        let manager = try await Self.recorder()
        try await PythonActor.run {
            #expect(throws: Refusal(number: 7)) {
                try Python.with(manager) { _ in throw Refusal(number: 7) }
            }
            let log = try Python.repr(manager.log)
            #expect(log.contains("SwiftError") && log.contains("Refusal(number: 7)"))
        }
    }

    @Test("An error that __exit__ suppresses is not thrown, and the result is nil")
    func suppressed() async throws {
        let manager = try await Self.recorder(suppressing: true)
        try await PythonActor.run {
            let result: Int? = try Python.with(manager) { _ in throw Refusal(number: 1) }
            #expect(result == nil)
        }
    }

    @Test("A file is closed, also where the body throws")
    func file() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/amaru-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await PythonActor.run {
            let open = try Python.builtin("open")
            let file = try open(path, "w")
            try Python.with(file) { file in try file.write("text") }
            #expect(try file.closed)
            let again = try open(path)
            try? Python.with(again) { _ in throw Refusal(number: 2) }
            #expect(try again.closed)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "text")
    }

    @Test("An object without the protocol is refused before anything runs")
    func refused() async throws {
        try await PythonActor.run {
            var ran = false
            let error = #expect(throws: PythonConversionError.self) {
                try Python.with(PythonObject(5)) { _ in ran = true }
            }
            #expect(
                error?.description
                    == "'int' object does not support the context manager protocol"
            )
            #expect(!ran)
        }
    }
}
