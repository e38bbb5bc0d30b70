// Takes the arguments of a call from Python apart, with CPython's own words for what is wrong.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The positional arguments of one call, converted one after the other.
struct ArgumentCursor {
    private let name: String
    private let arguments: NativeArguments
    private var index = 0

    init(
        _ name: String,
        _ arguments: NativeArguments,
        keywords: PyPointer?,
        expecting count: Int
    ) throws {
        self.name = name
        self.arguments = arguments
        if let keywords, PyTuple_Size(keywords) > 0 {
            throw PythonConversionError(.type, "\(name)() takes no keyword arguments")
        }
        guard arguments.count == count else {
            let plural = count == 1 ? "argument" : "arguments"
            throw PythonConversionError(
                .type,
                count == 0
                    ? "\(name)() takes no arguments (\(arguments.count) given)"
                    : "\(name)() takes exactly \(count) \(plural) (\(arguments.count) given)"
            )
        }
    }

    mutating func next<Value: ConvertibleFromPython>(
        _ type: Value.Type,
        _ gil: borrowing PythonGIL
    ) throws -> Value {
        defer { index += 1 }
        return try converting(at: "\(name)() argument \(index + 1)") {
            try Value.fromPython(BorrowedReference(arguments[index]), gil)
        }
    }
}
