// A Python iterator over a Swift sequence.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// The type of iterators over Swift sequences.
enum NativeIterator {
    /// The state of one iteration.
    private final class Box {
        /// The next element (new), or nil at the end.
        private let advance: () throws -> PyPointer?
        private var isAdvancing = false
        private var hasEnded = false

        init(_ advance: @escaping () throws -> PyPointer?) { self.advance = advance }

        /// The sequence may call Python code, and that this iterator, also on another thread.
        func next() throws -> PyPointer? {
            guard !isAdvancing else {
                throw PythonConversionError(.value, "iterator already executing")
            }
            guard !hasEnded else { return nil }
            isAdvancing = true
            defer { isAdvancing = false }
            do {
                let element = try advance()
                hasEnded = element == nil
                return element
            } catch {
                hasEnded = true
                throw error
            }
        }
    }

    /// Owned forever.
    ///
    /// Safe because it is written and read with the GIL held, in steps that do not release it.
    private nonisolated(unsafe) static var type: PyPointer?

    /// Makes an iterator (new).
    static func make<Elements: Sequence>(
        over elements: Elements,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference where Elements.Element: ConvertibleToPython {
        var iterator = elements.makeIterator()
        let box = Box {
            try iterator.next().map { element in
                let gil = PythonGIL()
                return try element.pythonReference(gil).take()
            }
        }
        let type = try existingType()
        let object = try OwnedReference(new: PyType_GenericAlloc(type, 0))
        amaru_as_box(object.pointer).pointee.box = Unmanaged.passRetained(box).toOpaque()
        return object
    }

    private static func existingType() throws -> TypePointer {
        // Making the type may collect garbage, whose finalizers may come here: the first one that
        // is made stays.
        if type == nil {
            let made = try makeType().take()
            if type == nil { type = made }
        }
        guard let object = type else { preconditionFailure("it was set above") }
        return UnsafeMutableRawPointer(object).assumingMemoryBound(to: PyTypeObject.self)
    }

    private static func makeType() throws -> OwnedReference {
        var slots = [
            PyType_Slot(
                slot: Py_tp_dealloc,
                pfunc: unsafeBitCast(deallocate, to: UnsafeMutableRawPointer.self)
            ),
            PyType_Slot(
                slot: Py_tp_iter,
                pfunc: unsafeBitCast(this, to: UnsafeMutableRawPointer.self)
            ),
            PyType_Slot(
                slot: Py_tp_iternext,
                pfunc: unsafeBitCast(next, to: UnsafeMutableRawPointer.self)
            ),
            PyType_Slot(),
        ]
        let type = slots.withUnsafeMutableBufferPointer { slots in
            var spec = PyType_Spec(
                name: CText.permanent("amaru.swift_iterator"),
                basicsize: Int32(MemoryLayout<amaru_box>.size),
                itemsize: 0,
                flags: UInt32(amaru_helper_flags()),
                slots: slots.baseAddress
            )
            return PyType_FromSpec(&spec)
        }
        return try OwnedReference(new: type)
    }

    private static let this: getiterfunc = { object in
        object.map { OwnedReference(borrowed: $0).take() }
    }

    private static let next: iternextfunc = { object in
        guard let object, !Entry.isRefused, let address = amaru_as_box(object).pointee.box
        else { return nil }
        do {
            return try Unmanaged<Box>.fromOpaque(address)._withUnsafeGuaranteedRef {
                try $0.next()
            }
        } catch {
            ErrorTranslation.raise(error, PythonGIL())
            return nil
        }
    }

    private static let deallocate: destructor = { object in
        guard let object else { return }
        let type = amaru_type(object)
        if let address = amaru_as_box(object).pointee.box, !Interpreter.isForkedChild {
            Unmanaged<Box>.fromOpaque(address).release()
        }
        type?.pointee.tp_free(object)
        amaru_decref(UnsafeMutableRawPointer(type)?.assumingMemoryBound(to: PyObject.self))
    }
}
