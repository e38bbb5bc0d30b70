// The memory that a builtin points to and does not own.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// A `PyMethodDef` with its texts and what it calls, as long as the function that a subclass
/// stands for.
///
/// https://docs.python.org/3/c-api/structures.html#c.PyMethodDef
class FunctionDefinition {
    let method: UnsafeMutablePointer<PyMethodDef>
    /// What the C entry looks at; its owner is this object.
    let callable: UnsafeMutablePointer<amaru_callable>
    private let name: UnsafeMutablePointer<CChar>
    private let documentation: UnsafeMutablePointer<CChar>?

    init(_ name: String, documentation: String?, takesKeywords: Bool, apart: amaru_apart) {
        self.name = CText.permanent(name)
        self.documentation = documentation.map(CText.permanent)
        method = .allocate(capacity: 1)
        method.initialize(to: PyMethodDef())
        method.pointee.ml_name = UnsafePointer(self.name)
        method.pointee.ml_doc = UnsafePointer(self.documentation)
        amaru_define_function(method, takesKeywords ? 1 : 0)
        callable = .allocate(capacity: 1)
        callable.initialize(to: amaru_callable())
        callable.pointee.direct_count = -1
        callable.pointee.apart = apart
        callable.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        callable.deallocate()
        method.deallocate()
        name.deallocate()
        documentation?.deallocate()
    }
}

/// Texts that CPython keeps pointers to.
enum CText {
    /// A copy that is freed by whoever wants to, or never.
    static func permanent(_ text: String) -> UnsafeMutablePointer<CChar> {
        let bytes = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        bytes.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { copy.initialize(from: base, count: bytes.count) }
        }
        return copy
    }
}
