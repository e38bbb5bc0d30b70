// What an exception was when it was raised: the part that is cheap, and the rest on demand.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// The contents of a ``PythonException``.
///
/// Most exceptions that reach Swift are caught there, and nobody reads more than their class and
/// their message. So capturing one reads these, and of the traceback only which code objects and
/// lines it names. The text of a traceback, which needs source lines and so Python code, is made
///
/// - when the exception leaves the Python thread through an entry of the bridge, which can tell
///   (the hop costs as much), or when a thread that holds the GIL asks for it: by Python itself;
/// - else on the thread that asks for it, from the captured entries and without source lines.
///   It must not wait for the GIL: who holds that may be waiting for it.
///
/// The first text is kept, so that two readers see the same.
final class ExceptionRecord: @unchecked Sendable {
    // Safe because all is set once, under the GIL, but for the two variables, which `lock` guards.

    let type: ExceptionType
    let message: String
    let notes: [String]
    let cause: ExceptionRecord?
    /// Whether the cause was named in `raise … from`.
    let isCauseExplicit: Bool
    /// Those of an exception group.
    let members: [ExceptionRecord]
    /// The Swift error that the object carries, as a member of a group.
    let swiftError: (any Error)?
    /// What a `SystemExit` asks for.
    let exitStatus: PythonExitStatus?
    private let traceback: CapturedTraceback

    /// The exception object: owned by this record until `handle` is made of it, which needs no GIL.
    private let pointer: PyPointer
    private var handle: PythonObject?
    private var text: String?

    /// Of a number: ThreadSanitizer takes a value without size for the header of the lock's object.
    private static let lock = Lock(0)

    /// Captures an exception; the caller holds the GIL.
    convenience init(_ exception: consuming OwnedReference) {
        let type = ExceptionType.describe(exception.pointer)
        self.init(exception, type, Ancestors())
    }

    init(
        _ exception: consuming OwnedReference,
        _ type: ExceptionType,
        _ ancestors: borrowing Ancestors,
        swiftError: (any Error)? = nil
    ) {
        let gil = PythonGIL()
        let pointer = exception.pointer
        let parts = pointer.asException.pointee
        self.type = type
        self.swiftError = swiftError
        traceback = CapturedTraceback(of: pointer)
        let dictionary = parts.dict
        notes = dictionary.map { ExceptionText.notes(in: $0, gil) } ?? []
        isCauseExplicit = parts.cause != nil
        let cause = parts.cause ?? (parts.suppress_context == 0 ? parts.context : nil)
        self.cause = cause.flatMap { Self.relative($0, pointer, ancestors) }
        members = type.isGroup ? Self.members(of: pointer, ancestors) : []
        // Last, since they may run Python code.
        exitStatus = PythonExitStatus(of: pointer, gil)
        message = ExceptionText.message(of: pointer, gil)
        self.pointer = exception.take()
    }

    deinit {
        if handle == nil { ReleaseQueue.release(pointer) }
    }

    /// The exception object.
    var object: PythonObject {
        Self.lock.withLock { _ in
            if let handle { return handle }
            let made = PythonObject(OwnedReference(new: pointer))
            handle = made
            return made
        }
    }

    var frames: [PythonException.Frame] { traceback.frames }

    // MARK: The text of the traceback

    /// The text of the traceback, in the best form that this thread may make.
    var formatted: String {
        if let text = Self.lock.withLock({ _ in text }) { return text }
        let canEnter = amaru_enterable() != 0 && PyGILState_Check() != 0
        return keep((canEnter ? ExceptionText.traceback(of: pointer) : nil) ?? plainText())
    }

    /// Makes the texts of this and of what it holds, since it leaves the Python thread.
    func complete() {
        var open = [self]
        // Python's own text of the first has all of them; theirs is seldom asked for.
        var count = 0
        while let next = open.popLast(), count < 16 {
            count += 1
            _ = next.formatted
            open += next.members
            if let cause = next.cause { open.append(cause) }
        }
    }

    private func keep(_ made: String) -> String {
        Self.lock.withLock { _ in
            let kept = text ?? made
            text = kept
            return kept
        }
    }

    // MARK: What hangs on it

    /// The objects that lead to the one that is captured: a cause may be its own cause.
    struct Ancestors: ~Copyable {
        fileprivate let pointers: [PyPointer]

        init() { pointers = [] }
        fileprivate init(_ pointers: [PyPointer]) { self.pointers = pointers }
    }

    /// How many causes, or groups in groups, are followed.
    private static let depth = 64

    private static func relative(
        _ pointer: PyPointer,
        _ parent: PyPointer,
        _ ancestors: borrowing Ancestors
    ) -> ExceptionRecord? {
        guard pointer != parent, !ancestors.pointers.contains(pointer),
            ancestors.pointers.count < depth, amaru_is_exception(pointer) != 0
        else { return nil }
        return ExceptionRecord(
            OwnedReference(borrowed: pointer),
            ExceptionType.describe(pointer),
            Ancestors(ancestors.pointers + [parent]),
            swiftError: ErrorTranslation.carriedError(in: pointer)
        )
    }

    private static func members(
        of pointer: PyPointer,
        _ ancestors: borrowing Ancestors
    ) -> [ExceptionRecord] {
        guard let found = PyObject_GetAttrString(pointer, "exceptions") else {  // new
            PyErr_Clear()
            return []
        }
        let tuple = OwnedReference(new: found)
        guard amaru_is_tuple(tuple.pointer) != 0 else { return [] }
        return (0..<amaru_tuple_count(tuple.pointer)).compactMap { index in
            amaru_tuple_item(tuple.pointer, index).flatMap { relative($0, pointer, ancestors) }
        }
    }
}
