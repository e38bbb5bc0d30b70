// Calls with nil among the arguments, which is None, or with literals of values of several types.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

// In extensions of protocols, and disfavoured: other calls take the overloads of the types
// themselves, which make no optional of each argument.

extension PythonMemberLookup where Self == PythonObject {
    /// Calls the object with positional arguments; nil is `None`.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withArguments arguments: [(any ConvertibleToPython)?]
    ) throws -> PythonObject {
        PythonObject(try Vectorcall.call(self, method: nil, arguments))
    }

    /// Calls the object with positional arguments and converts the result; nil is `None`.
    @_disfavoredOverload
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [(any ConvertibleToPython)?]
    ) throws -> Value {
        try Vectorcall.call(self, method: nil, arguments).converted()
    }

    /// Calls the object with keyword arguments; nil is `None`.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withKeywordArguments arguments: KeyValuePairs<StaticString, (any ConvertibleToPython)?>
    ) throws -> PythonObject {
        PythonObject(try Vectorcall.call(self, method: nil, arguments))
    }

    /// Calls the object with keyword arguments and converts the result; nil is `None`.
    @_disfavoredOverload
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, (any ConvertibleToPython)?>
    ) throws -> Value {
        try Vectorcall.call(self, method: nil, arguments).converted()
    }

    /// Calls the object with dicts whose values are of several types.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withArguments arguments: [[String: any ConvertibleToPython]]
    ) throws -> PythonObject {
        let dicts = try arguments.map { try Python.dict($0) }
        return PythonObject(try Vectorcall.call(self, method: nil, dicts))
    }

    /// Calls the object with lists whose elements are of several types.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withArguments arguments: [[any ConvertibleToPython]]
    ) throws -> PythonObject {
        let lists = try arguments.map { try Python.list($0) }
        return PythonObject(try Vectorcall.call(self, method: nil, lists))
    }
}

extension PythonMemberCall where Self == PythonMember {
    /// Calls the method with positional arguments; nil is `None`.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withArguments arguments: [(any ConvertibleToPython)?]
    ) throws -> PythonObject {
        PythonObject(try Vectorcall.call(self.object, method: self.name, arguments))
    }

    /// Calls the method with positional arguments and converts the result; nil is `None`.
    @_disfavoredOverload
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withArguments arguments: [(any ConvertibleToPython)?]
    ) throws -> Value {
        try Vectorcall.call(self.object, method: self.name, arguments).converted()
    }

    /// Calls the method with keyword arguments; nil is `None`.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withKeywordArguments arguments: KeyValuePairs<StaticString, (any ConvertibleToPython)?>
    ) throws -> PythonObject {
        PythonObject(try Vectorcall.call(self.object, method: self.name, arguments))
    }

    /// Calls the method with keyword arguments and converts the result; nil is `None`.
    @_disfavoredOverload
    public func dynamicallyCall<Value: ConvertibleFromPython>(
        withKeywordArguments arguments: KeyValuePairs<StaticString, (any ConvertibleToPython)?>
    ) throws -> Value {
        try Vectorcall.call(self.object, method: self.name, arguments).converted()
    }

    /// Calls the method with dicts whose values are of several types.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withArguments arguments: [[String: any ConvertibleToPython]]
    ) throws -> PythonObject {
        let dicts = try arguments.map { try Python.dict($0) }
        return PythonObject(try Vectorcall.call(self.object, method: self.name, dicts))
    }

    /// Calls the method with lists whose elements are of several types.
    @discardableResult
    @_disfavoredOverload
    public func dynamicallyCall(
        withArguments arguments: [[any ConvertibleToPython]]
    ) throws -> PythonObject {
        let lists = try arguments.map { try Python.list($0) }
        return PythonObject(try Vectorcall.call(self.object, method: self.name, lists))
    }
}

extension Vectorcall {
    @PythonActor
    fileprivate static func call(
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
    fileprivate static func call(
        _ object: PythonObject,
        method: StaticString?,
        _ arguments: KeyValuePairs<StaticString, (any ConvertibleToPython)?>
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
            try reference(to: arguments[$0].value, gil)
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
    fileprivate consuming func converted<Value: ConvertibleFromPython>() throws -> Value {
        try Value.fromPython(BorrowedReference(pointer), PythonGIL())
    }
}
