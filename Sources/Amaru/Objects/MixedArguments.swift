// Arguments of which some are nil, or literals of values of several types.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension Vectorcall {
    @PythonActor
    static func call(
        _ object: PythonObject,
        method: StaticString?,
        _ arguments: [(any ConvertibleToPython)?]
    ) throws -> OwnedReference {
        let gil = try object.enter()
        guard let method else {
            return try call(object.pointer, count: arguments.count) {
                try reference(to: arguments[$0], gil)
            }
        }
        guard let name = method.pythonName else { throw PythonException.taken() }
        return try callMethod(object.pointer, name, count: arguments.count) {
            try reference(to: arguments[$0], gil)
        }
    }

    @PythonActor
    static func call(
        _ object: PythonObject,
        method: StaticString?,
        _ arguments: KeyValuePairs<StaticString, (any ConvertibleToPython)?>
    ) throws -> OwnedReference {
        try call(object, method: method, arguments) { try reference(to: $0, $1) }
    }

    @PythonActor
    static func call(
        _ object: PythonObject,
        method: StaticString?,
        _ arguments: KeyValuePairs<StaticString, PythonValue>
    ) throws -> OwnedReference {
        try call(object, method: method, arguments) { try $0.pythonReference($1) }
    }

    @PythonActor
    private static func call<Argument>(
        _ object: PythonObject,
        method: StaticString?,
        _ arguments: KeyValuePairs<StaticString, Argument>,
        _ reference: (Argument, borrowing PythonGIL) throws -> OwnedReference
    ) throws -> OwnedReference {
        let gil = try object.enter()
        let name = try method.map {
            guard let name = $0.pythonName else { throw PythonException.taken() }
            return name
        }
        return try call(
            object.pointer,
            method: name,
            count: arguments.count,
            label: { arguments[$0].key }
        ) {
            try reference(arguments[$0].value, gil)
        }
    }

    /// Makes an argument; `None` of nil.
    static func reference(
        to value: (any ConvertibleToPython)?,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        guard let value else { return OwnedReference(borrowed: amaru_none()) }
        return try value.pythonReference(gil)
    }
}

extension OwnedReference {
    /// Converts the object, which the Python thread owns.
    @PythonActor
    consuming func converted<Value: ConvertibleFromPython>() throws -> Value {
        try Value.fromPython(BorrowedReference(pointer), PythonGIL())
    }
}
