// Calls of the Python functions that make values or take them apart.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The result of a function of the runtime that returns a str if there is no value.
enum RuntimeValue {
    /// Makes a Python object.
    static func make(
        _ part: Runtime.Part,
        _ function: String,
        _ arguments: [any ConvertibleToPython],
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        let result = try Runtime.call(part, function, arguments, gil)
        guard amaru_is_unicode(result.pointer) != 0 else { return result }
        let reason = try String.fromPython(BorrowedReference(result.pointer), gil)
        throw PythonConversionError(reason.hasPrefix("expected ") ? .type : .value, reason)
    }

    /// Takes a Python object apart into one value.
    static func read<Part: ConvertibleFromPython>(
        _ part: Runtime.Part,
        _ function: String,
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Part {
        let object = PythonObject(OwnedReference(borrowed: reference.pointer))
        let result = try make(part, function, [object], gil)
        return try Part.fromPython(BorrowedReference(result.pointer), gil)
    }
}
