// Imports.
// SPDX-License-Identifier: Apache-2.0

public import CAmaru

@PythonActor
extension Python {
    /// Imports a module, as `import name` does; a dotted name gives the submodule.
    ///
    /// Again from the same place it is a look into `sys.modules`.
    ///
    /// - Throws: ``PythonException``, an `ImportError` if there is no such module.
    @inlinable
    public static func `import`(_ name: StaticString) throws -> PythonObject {
        try Interpreter.requireRunning()
        if name.hasPointerRepresentation, let module = amaru_imported(name.utf8Start) {
            return PythonObject(OwnedReference(borrowed: module))
        }
        return try importFirst(name)
    }

    /// Imports a module whose name is not known at compile time.
    ///
    /// - Throws: ``PythonException``, an `ImportError` if there is no such module.
    @_disfavoredOverload
    public static func `import`(_ name: String) throws -> PythonObject {
        try Interpreter.requireRunning()
        let reference = try name.pythonReference(PythonGIL())
        return PythonObject(try OwnedReference(new: PyImport_Import(reference.pointer)))
    }

    @usableFromInline
    @inline(never)
    static func importFirst(_ name: StaticString) throws -> PythonObject {
        guard let reference = name.pythonName else { throw PythonException.taken() }
        let module = try OwnedReference(new: PyImport_Import(reference))
        if name.hasPointerRepresentation, let entry = amaru_name_probe(name.utf8Start),
            entry.pointee.literal == UnsafeRawPointer(name.utf8Start)
        {
            entry.pointee.module = module.pointer
        }
        return PythonObject(module)
    }
}
