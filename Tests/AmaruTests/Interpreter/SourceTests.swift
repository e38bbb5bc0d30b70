// SPDX-License-Identifier: Apache-2.0

import Amaru
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
}
