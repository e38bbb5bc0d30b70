// The `self` of exported functions: what leads from CPython to the closure.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// The type of the objects that hold the closures of exported functions.
///
/// A subclass of `module`: a builtin whose `__self__` is a module is a function to Python, with a
/// plain `__qualname__` and `repr`, and is pickled by name. A capsule would make it a method of
/// the capsule, and take a call and a comparison of names to look into.
enum FunctionContext {
    /// Owned forever.
    ///
    /// Safe because it is touched by holders of the GIL only.
    private nonisolated(unsafe) static var type: PyPointer?

    /// Makes an object that owns `definition` (new).
    static func make(_ definition: FunctionDefinition) throws -> OwnedReference {
        let type = try contextType()
        let typeObject = UnsafeMutableRawPointer(type).assumingMemoryBound(to: PyTypeObject.self)
        let arguments = try OwnedReference(new: PyTuple_New(0))
        // Not the type's own, which Python code must not call: it would leave the field unset.
        guard let create = amaru_module_type().pointee.tp_new,
            let context = create(typeObject, arguments.pointer, nil)  // new
        else { throw PythonException.taken() }
        _ = Unmanaged.passRetained(definition)
        amaru_function_field(context).pointee = definition.callable
        return OwnedReference(new: context)
    }

    private static func contextType() throws -> PyPointer {
        if let type { return type }
        var slots = [
            PyType_Slot(slot: Py_tp_base, pfunc: UnsafeMutableRawPointer(amaru_module_type())),
            PyType_Slot(
                slot: Py_tp_dealloc,
                pfunc: unsafeBitCast(dealloc, to: UnsafeMutableRawPointer.self)
            ),
            PyType_Slot(slot: 0, pfunc: nil),
        ]
        let size = amaru_prepare_functions()
        let name: StaticString = "amaru.FunctionContext"
        let made = slots.withUnsafeMutableBufferPointer { slots in
            var specification = PyType_Spec(
                name: name.cString,
                basicsize: size,
                itemsize: 0,
                flags: amaru_closed_type_flags(),
                slots: slots.baseAddress
            )
            return PyType_FromSpec(&specification)  // new
        }
        let owned = try OwnedReference(new: made)
        let pointer = owned.take()
        type = pointer
        return pointer
    }

    private static let dealloc: @convention(c) (PyPointer?) -> Void = { context in
        guard let context else { return }
        let type = UnsafeMutableRawPointer(amaru_type(context)).assumingMemoryBound(
            to: PyObject.self
        )
        PyObject_GC_UnTrack(context)
        let owner = amaru_function_field(context).pointee?.pointee.owner
        amaru_module_type().pointee.tp_dealloc(context)
        // Last: what the closure drops may run Python code.
        if let owner { Unmanaged<FunctionDefinition>.fromOpaque(owner).release() }
        // An instance of a heap type owns a reference to it.
        // https://docs.python.org/3/c-api/typeobj.html#c.PyTypeObject.tp_dealloc
        amaru_decref(type)
    }
}
