// The memory that a builtin points to and does not own.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A `PyMethodDef` with its texts, as long as the function that a subclass stands for.
///
/// https://docs.python.org/3/c-api/structures.html#c.PyMethodDef
class FunctionDefinition {
    let method: UnsafeMutablePointer<PyMethodDef>
    private let name: UnsafeMutablePointer<CChar>
    private let documentation: UnsafeMutablePointer<CChar>?

    init(_ name: String, documentation: String?, entry: amaru_fastcall) {
        self.name = Self.copy(name)
        self.documentation = documentation.map(Self.copy)
        method = .allocate(capacity: 1)
        method.initialize(
            to: PyMethodDef(
                ml_name: self.name,
                ml_meth: amaru_fastcall_as_function(entry),
                ml_flags: AMARU_METH_FASTCALL_KEYWORDS,
                ml_doc: self.documentation
            )
        )
    }

    deinit {
        method.deallocate()
        name.deallocate()
        documentation?.deallocate()
    }

    private static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        bytes.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { copy.initialize(from: base, count: bytes.count) }
        }
        return copy
    }
}
