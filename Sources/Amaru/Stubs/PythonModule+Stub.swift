// A module's description as a stub file, for type checkers and editors.
// SPDX-License-Identifier: Apache-2.0

extension PythonModule {
    /// The text of the module's `.pyi` file.
    ///
    /// Made of the description alone, on any thread: Python need not run.
    ///
    /// ```swift
    /// try module.stub.write(toFile: "Python/screen.pyi", atomically: true, encoding: .utf8)
    /// ```
    ///
    /// https://typing.python.org/en/latest/spec/distributing.html#stub-files
    public var stub: String {
        var lines: [String] = []
        for member in members {
            let added = member.definition.stub()
            // Constants stand close together, whatever has a body apart.
            if !lines.isEmpty, added.count > 1 || lines.last?.first == " " { lines.append("") }
            lines += added
        }
        lines = lines.map { StubText.removing(module: name, from: $0) }
        let imports = StubText.modules(in: lines).map { "import \($0)" }
        let heading = documentation.map { StubText.docstring($0) } ?? []
        let parts = [heading, imports, lines].filter { !$0.isEmpty }
        return parts.map { $0.joined(separator: "\n") + "\n" }.joined(separator: "\n")
    }
}
