// Carries a Swift error inside of an exception object.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The Swift error that an exception object carries across Python.
enum SwiftErrorCapsule {
    private static let attribute: StaticString = "_swift_error"
    private static let name: StaticString = "amaru.error"

    private final class Box {
        let error: any Error
        init(_ error: any Error) { self.error = error }
    }

    /// Puts `error` into an exception (borrowed).
    static func attach(_ error: any Error, to exception: PyPointer) throws {
        let capsule = try make(for: error)
        // Not the class's own `__setattr__`, which may do anything.
        guard let attribute = attribute.pythonName,
            PyObject_GenericSetAttr(exception, attribute, capsule.pointer) == 0
        else { throw PythonException.taken() }
    }

    private static func make(for error: any Error) throws -> OwnedReference {
        let box = Unmanaged.passRetained(Box(error))
        let capsule = PyCapsule_New(box.toOpaque(), name.cString) { capsule in
            guard let pointer = PyCapsule_GetPointer(capsule, SwiftErrorCapsule.name.cString)
            else { return }
            Unmanaged<Box>.fromOpaque(pointer).release()
        }
        guard let capsule else {
            box.release()
            throw PythonException.taken()
        }
        return OwnedReference(new: capsule)
    }

    /// Gives a class of exceptions (borrowed) the property `swift_type`: the name of the type of
    /// the error that one carries, or None.
    static func describeType(in exceptionClass: PyPointer) throws {
        let definition = UnsafeMutablePointer<PyGetSetDef>.allocate(capacity: 1)
        definition.initialize(
            to: PyGetSetDef(
                name: CText.permanent("swift_type"),
                get: { exception, _ in
                    guard let exception, let error = SwiftErrorCapsule.error(in: exception) else {
                        return OwnedReference(borrowed: amaru_none()).take()
                    }
                    let gil = PythonGIL()
                    do {
                        return try String(describing: type(of: error)).pythonReference(gil).take()
                    } catch let failure {
                        ErrorTranslation.raise(failure, gil)
                        return nil
                    }
                },
                set: nil,
                doc: UnsafePointer(CText.permanent("The name of the type of the Swift error.")),
                closure: nil
            )
        )
        let owner = UnsafeMutableRawPointer(exceptionClass)
            .assumingMemoryBound(to: PyTypeObject.self)
        let property = try OwnedReference(new: PyDescr_NewGetSet(owner, definition))
        try PythonException.check(
            PyObject_SetAttrString(exceptionClass, "swift_type", property.pointer)
        )
    }

    /// The error in an exception (borrowed), looked up without running Python code.
    static func error(in exception: PyPointer) -> (any Error)? {
        // An exception without attributes of its own has no dictionary yet.
        guard let dictionary = exception.asException.pointee.dict else { return nil }
        guard let attribute = attribute.pythonName,
            let capsule = PyDict_GetItemWithError(dictionary, attribute)  // borrowed
        else {
            PyErr_Clear()
            return nil
        }
        guard PyCapsule_IsValid(capsule, name.cString) != 0,
            let pointer = PyCapsule_GetPointer(capsule, name.cString)
        else { return nil }
        return Unmanaged<Box>.fromOpaque(pointer).takeUnretainedValue().error
    }
}

extension StaticString {
    /// The text as C reads it; a literal is NUL-terminated and lives forever.
    var cString: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
