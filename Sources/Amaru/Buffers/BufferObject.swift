// The object that stands in Python for memory of Swift: a type with the buffer protocol.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// The Python type of exported memory, and the functions behind its slots.
///
/// Its objects hold no Python object, so they need no part in the garbage collection.
enum BufferObject {
    /// Owned forever.
    ///
    /// Safe because it is read and written with the GIL held only, in single steps; so no two
    /// accesses overlap, and the check for that would cost more than they do.
    @exclusivity(unchecked)
    private nonisolated(unsafe) static var type: PyPointer?

    /// Makes the object for a storage, or gives the one that stands for it already.
    static func reference(
        to storage: BufferStorage,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        if let object = storage.object { return OwnedReference(borrowed: object) }
        let type = try type(gil)
        let object = try type.withMemoryRebound(to: PyTypeObject.self, capacity: 1) { type in
            try OwnedReference(new: PyType_GenericAlloc(type, 0))
        }
        fields(object.pointer).pointee.memory = Unmanaged.passRetained(storage).toOpaque()
        storage.object = object.pointer
        return object
    }

    /// The storage behind an object; nil for an object of another type.
    static func storage(of object: PyPointer) -> BufferStorage? {
        guard let type, UnsafeMutableRawPointer(amaru_type(object)) == UnsafeMutableRawPointer(type)
        else { return nil }
        return ownStorage(of: object)
    }

    // MARK: The type

    private static func type(_ gil: borrowing PythonGIL) throws -> PyPointer {
        if let type { return type }
        let made = try make(gil)
        // Making it may have let another thread run that made one too.
        if let type { return type }
        let pointer = made.take()
        type = pointer
        return pointer
    }

    private static func make(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let documentation: StaticString = "Memory that Swift owns; memoryview(x) sees it in place."
        var slots = [
            slot(Py_bf_getbuffer, unsafeBitCast(getBuffer, to: UnsafeMutableRawPointer.self)),
            slot(Py_tp_dealloc, unsafeBitCast(deallocate, to: UnsafeMutableRawPointer.self)),
            slot(Py_tp_members, amaru_buffer_member_table()),
            slot(Py_tp_methods, amaru_dl_method_table()),
            slot(Py_tp_doc, UnsafeMutableRawPointer(mutating: documentation.utf8Start)),
            slot(0, nil),
        ]
        let name: StaticString = "amaru.Buffer"
        let made = slots.withUnsafeMutableBufferPointer { slots in
            var specification = PyType_Spec(
                name: name.cString,
                basicsize: Int32(MemoryLayout<amaru_buffer_object>.size),
                itemsize: 0,
                flags: amaru_buffer_type_flags(),
                slots: slots.baseAddress
            )
            return PyType_FromSpec(&specification)
        }
        return try OwnedReference(new: made)
    }

    private static func slot(_ slot: Int32, _ value: UnsafeMutableRawPointer?) -> PyType_Slot {
        PyType_Slot(slot: slot, pfunc: value)
    }

    private static func fields(_ object: PyPointer) -> UnsafeMutablePointer<amaru_buffer_object> {
        UnsafeMutableRawPointer(object).assumingMemoryBound(to: amaru_buffer_object.self)
    }

    private static func ownStorage(of object: PyPointer) -> BufferStorage? {
        fields(object).pointee.memory.map {
            Unmanaged<BufferStorage>.fromOpaque($0).takeUnretainedValue()
        }
    }

    // MARK: The slots

    // https://docs.python.org/3/c-api/typeobj.html#c.PyBufferProcs.bf_getbuffer
    private static let getBuffer: getbufferproc = { object, view, flags in
        guard let view else { return -1 }
        view.pointee.obj = nil
        guard let object, let storage = BufferObject.ownStorage(of: object) else {
            PyErr_SetString(amaru_BufferError(), "the memory is gone")
            return -1
        }
        if let reason = BufferRequest(flags: flags).refusal(of: storage) {
            PyErr_SetString(amaru_BufferError(), reason)
            return -1
        }
        BufferRequest(flags: flags).fill(view, from: storage)
        amaru_incref(object)
        view.pointee.obj = object  // new
        return 0
    }

    private static let deallocate: destructor = { object in
        guard let object else { return }
        let fields = BufferObject.fields(object)
        if fields.pointee.weak_references != nil { PyObject_ClearWeakRefs(object) }
        let type = amaru_type(object)
        let memory = fields.pointee.memory
        PyObject_Free(object)
        // The instance of a heap type owns a reference to it.
        UnsafeMutableRawPointer(type).map {
            amaru_decref($0.assumingMemoryBound(to: PyObject.self))
        }
        // In a child of `os.fork` the memory is the parent's to release.
        guard let memory, !Interpreter.isForkedChild else { return }
        let storage = Unmanaged<BufferStorage>.fromOpaque(memory)
        storage._withUnsafeGuaranteedRef { $0.object = nil }
        storage.release()
    }
}

extension PythonBuffer: ConvertibleToPython, ConvertibleFromPython {
    /// Gives the object that stands for the memory: the same one as long as Python keeps it.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try BufferObject.reference(to: storage, gil)
    }

    /// Takes memory of Swift back; other objects with a buffer are no such memory.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PythonBuffer {
        guard let storage = BufferObject.storage(of: reference.pointer) else {
            throw PythonConversionError.expected("amaru.Buffer", found: reference)
        }
        return PythonBuffer(storage)
    }
}
