// All rows, in the order of the table.
// SPDX-License-Identifier: Apache-2.0

import Amaru

@PythonActor
enum Rows {
    static func all() throws -> [Row] {
        let subject = try Subject()
        self.subject = subject
        return try calls(subject) + containers(subject) + strings(subject) + entering()
            + exported(subject) + buffers(subject) + start()
    }

    /// The Python loop that does nothing, whose cost is subtracted where Python calls.
    static func empty() throws -> Loop {
        guard let subject else { throw BenchError("all() comes first") }
        return try subject.loop("pass", "f", subject.python)
    }

    private static var subject: Subject?

    /// Keeps a result from being left out by the compiler.
    @inline(never)
    static func keep(_ value: Int) {
        sink = value
    }

    private static var sink = 0
}
