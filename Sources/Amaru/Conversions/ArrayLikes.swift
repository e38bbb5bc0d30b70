// Arrays of numpy and what offers one, such as a column of pandas.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension Array where Element: ConvertibleFromPython {
    /// Reads a buffer, or what numpy's protocol `__array__` makes an array of.
    ///
    /// An array of several dimensions is read row by row; elements that no buffer has, such as
    /// texts, as `tolist()` returns them.
    ///
    /// https://numpy.org/doc/stable/user/basics.interoperability.html#the-array-method
    @usableFromInline
    @inline(never)
    static func elements(
        ofArray reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> [Element] {
        let element = Element.self as? any PythonBufferElement.Type
        if let element, PyObject_CheckBuffer(reference.pointer) != 0 {
            return try elements(ofBuffer: reference, element, gil)
        }
        let object = OwnedReference(borrowed: reference.pointer)
        guard try object.typeHasAttribute("__array__") else {
            throw PythonConversionError.expected("list", found: reference)
        }
        let array = try call("__array__", of: object)
        if let element {
            return try elements(ofBuffer: BorrowedReference(array.pointer), element, gil)
        }
        let dimensions = try OwnedReference(new: PyObject_GetAttrString(array.pointer, "ndim"))
        if try Int.fromPython(BorrowedReference(dimensions.pointer), gil) > 1 {
            return try rows(array, gil)
        }
        let list = try call("tolist", of: array)
        guard amaru_is_list(list.pointer) != 0 else {
            throw PythonConversionError.expected("list", found: reference)
        }
        return try fromPython(BorrowedReference(list.pointer), gil)
    }

    private static func call(
        _ method: StaticString,
        of object: borrowing OwnedReference
    ) throws -> OwnedReference {
        guard let name = method.pythonName else { throw PythonException.taken() }
        let slots: [PyPointer?] = [object.pointer]
        return try OwnedReference(new: PyObject_VectorcallMethod(name, slots, 1, nil))
    }

    private static func elements(
        ofBuffer reference: borrowing BorrowedReference,
        _ type: any PythonBufferElement.Type,
        _ gil: borrowing PythonGIL
    ) throws -> [Element] {
        guard let array = try BufferAccess.array(of: type, reference, gil) as? [Element] else {
            throw PythonConversionError.expected("list", found: reference)
        }
        return array
    }

    private static func rows(
        _ array: borrowing OwnedReference,
        _ gil: borrowing PythonGIL
    ) throws -> [Element] {
        let count = PySequence_Size(array.pointer)
        guard count >= 0 else { throw PythonException.taken() }
        var rows: [Element] = []
        for index in 0..<count {
            let row = try OwnedReference(new: PySequence_GetItem(array.pointer, index))
            rows.append(
                try converting(at: "[\(index)]") {
                    try Element.fromPython(BorrowedReference(row.pointer), PythonGIL())
                }
            )
        }
        return rows
    }
}
