// A tuple and a dict of arguments, as the vectorcall protocol lays them out.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Turns the arguments of `tp_init` into those of a fast call.
enum ArgumentSpread {
    /// Lends the arguments to `body`; `tuple` and `keywords` are borrowed.
    static func spread<Result>(
        _ tuple: PyPointer,
        _ keywords: PyPointer?,
        _ body: (NativeArguments, PyPointer?) throws -> Result
    ) throws -> Result {
        let count = PyTuple_Size(tuple)
        let start = UnsafeRawPointer(amaru_tuple_items(tuple))?
            .assumingMemoryBound(to: PyPointer.self)
        let positional = NativeArguments(start: start, count: count)
        guard let keywords, PyDict_Size(keywords) > 0 else { return try body(positional, nil) }
        // Owned, as is the tuple of the names: a conversion may change the caller's dict.
        let names = try OwnedReference(new: PySequence_Tuple(keywords))
        var values = Array(positional)
        for index in 0..<PyTuple_Size(names.pointer) {
            // Both borrowed.
            guard
                let value = PyDict_GetItemWithError(keywords, PyTuple_GetItem(names.pointer, index))
            else { throw PythonException.taken() }
            values.append(value)
        }
        for value in values { amaru_incref(value) }
        defer { for value in values { amaru_decref(value) } }
        return try values.withUnsafeBufferPointer { values in
            // The count of a fast call leaves out the arguments that have a name.
            try body(NativeArguments(start: values.baseAddress, count: count), names.pointer)
        }
    }
}
