// Binds calls with keywords, defaults or variadics; leaves the words of a refusal to CPython.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension FunctionSignature {
    /// Binds a call that is more than the right number of positional arguments.
    ///
    /// The rules are those of a Python function:
    /// https://docs.python.org/3/reference/expressions.html#calls
    @inline(never)
    func bindApart<Result: ~Copyable>(
        _ arguments: NativeArguments,
        _ keywords: PyPointer?,
        _ gil: borrowing PythonGIL,
        _ body: (BoundArguments) throws -> Result
    ) throws -> Result {
        guard isNamed else { throw unnamedRefusal(arguments.count, keywords) }
        return try withUnsafeTemporaryAllocation(
            of: PyPointer?.self,
            capacity: max(1, parameters.count)
        ) { slots in
            slots.initialize(repeating: nil)
            let rest = try Rest(self, arguments, into: slots)
            // Also to the end of `body`: the slots borrow from it.
            defer { withExtendedLifetime(rest) {} }
            guard try fill(slots, arguments, keywords, rest), isComplete(slots) else {
                throw try refusal(arguments, keywords, gil)
            }
            return try body(BoundArguments(UnsafePointer(slots.baseAddress), self))
        }
    }

    /// What the variadic parameters take: a tuple and a dict.
    private final class Rest {
        let arguments: PythonObject?
        let keywords: PythonObject?

        init(
            _ signature: FunctionSignature,
            _ given: NativeArguments,
            into slots: UnsafeMutableBufferPointer<PyPointer?>
        ) throws {
            let kinds = signature.parameters.map(\.kind)
            arguments = try kinds.firstIndex(of: .arguments).map { index in
                let first = min(index, given.count)
                let tuple = try OwnedReference(new: PyTuple_New(given.count - first))
                for position in first..<given.count {
                    amaru_incref(given[position])
                    amaru_tuple_fill(tuple.pointer, position - first, given[position])  // stolen
                }
                slots[index] = tuple.pointer
                return PythonObject(tuple)
            }
            keywords = try kinds.firstIndex(of: .keywords).map { index in
                let dictionary = try OwnedReference(new: PyDict_New())
                slots[index] = dictionary.pointer
                return PythonObject(dictionary)
            }
        }
    }

    /// Puts the arguments into their slots; false where one has none.
    private func fill(
        _ slots: UnsafeMutableBufferPointer<PyPointer?>,
        _ arguments: NativeArguments,
        _ keywords: PyPointer?,
        _ rest: Rest
    ) throws -> Bool {
        let places = parameters.prefix { $0.kind.isPositional }.count
        guard arguments.count <= places || rest.arguments != nil else { return false }
        for index in 0..<min(places, arguments.count) { slots[index] = arguments[index] }
        guard let keywords else { return true }
        for index in 0..<amaru_tuple_count(keywords) {
            guard let key = amaru_tuple_item(keywords, index),  // borrowed
                let base = arguments.baseAddress
            else { continue }
            // The values of the keywords stand behind the positional arguments.
            let value = base[arguments.count + index]
            if let place = try self.index(of: key) {
                guard slots[place] == nil else { return false }
                slots[place] = value
            } else {
                guard let dictionary = rest.keywords else { return false }
                try PythonException.check(PyDict_SetItem(dictionary.pointer, key, value))
            }
        }
        return true
    }

    private func isComplete(_ slots: UnsafeMutableBufferPointer<PyPointer?>) -> Bool {
        for (index, parameter) in parameters.enumerated()
        where parameter.isRequired && slots[index] == nil {
            return false
        }
        return true
    }

    /// The parameter that a keyword names.
    private func index(of key: PyPointer) throws -> Int? {
        let names = try internedNames()
        func candidate(_ index: Int) -> PyPointer? {
            let kind = parameters[index].kind
            guard kind == .positional || kind == .keyword else { return nil }
            return amaru_tuple_item(names, index)  // borrowed
        }
        // Names in a source are interned, as these are; others are compared.
        for index in parameters.indices where candidate(index) == key { return index }
        for index in parameters.indices {
            guard let name = candidate(index) else { continue }
            let isEqual = PyObject_RichCompareBool(name, key, Py_EQ)
            guard isEqual >= 0 else { throw PythonException.taken() }
            if isEqual == 1 { return index }
        }
        return nil
    }

    /// The names as a tuple (borrowed).
    private func internedNames() throws -> PyPointer {
        if let names { return names.pointer }
        let tuple = try OwnedReference(new: PyTuple_New(parameters.count))
        for (index, parameter) in parameters.enumerated() {
            let name = try OwnedReference(new: PyUnicode_InternFromString(parameter.name))
            amaru_tuple_fill(tuple.pointer, index, name.take())  // stolen
        }
        let made = PythonObject(tuple)
        names = made
        return made.pointer
    }

    /// The exception of a call that does not fit, which CPython raises for a function of the same
    /// signature: so its words are those of the version that runs.
    private func refusal(
        _ arguments: NativeArguments,
        _ keywords: PyPointer?,
        _ gil: borrowing PythonGIL
    ) throws -> any Error {
        let text = try text(as: .runnable, gil)
        let shape = try Runtime.call(.signatures, "function_of_shape", [name, text], gil)
        let count = arguments.count + (keywords.map { amaru_tuple_count($0) } ?? 0)
        var slots: [PyPointer?] = receiver == .none ? [] : [amaru_none()]
        let given = slots.count + arguments.count
        for index in 0..<count { slots.append(arguments.baseAddress?[index]) }
        let result = slots.withUnsafeBufferPointer { slots in
            PyObject_Vectorcall(shape.pointer, slots.baseAddress, given, keywords)
        }
        guard let result else { return PythonException.taken() }
        amaru_decref(result)
        return PythonConversionError(.type, "\(name)() was called with arguments that do not fit")
    }

    /// The exception of a wrong call where parameters have no names, as builtins word it.
    private func unnamedRefusal(_ count: Int, _ keywords: PyPointer?) -> any Error {
        if let keywords, amaru_tuple_count(keywords) > 0 {
            return PythonConversionError(.type, "\(name)() takes no keyword arguments")
        }
        let expected = parameters.count
        let plural = expected == 1 ? "argument" : "arguments"
        return PythonConversionError(
            .type,
            expected == 0
                ? "\(name)() takes no arguments (\(count) given)"
                : "\(name)() takes exactly \(expected) \(plural) (\(count) given)"
        )
    }
}
