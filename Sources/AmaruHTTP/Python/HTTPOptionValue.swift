// The values that the options of a request may have in Python.
// SPDX-License-Identifier: Apache-2.0

import Amaru

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A value in the dictionary of options that `_amaru_http.open` takes.
enum HTTPOptionValue: Sendable, Hashable {
    case bool(Bool)
    case integer(Int)
    case text(String)
    case bytes(Data)
    case list([Data])
    case numbers([Int])

    /// How the kind of value is called in Python.
    var kind: String {
        switch self {
        case .bool: "bool"
        case .integer: "int"
        case .text: "str"
        case .bytes: "bytes"
        case .list: "list[bytes]"
        case .numbers: "list[int]"
        }
    }
}

extension HTTPOptionValue: ConvertibleFromPython, ConvertibleToPython {
    static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> HTTPOptionValue {
        if let value = try? Bool.fromPython(reference, gil) { return .bool(value) }
        if let value = try? Int.fromPython(reference, gil) { return .integer(value) }
        if let value = try? String.fromPython(reference, gil) { return .text(value) }
        if let value = try? Data.fromPython(reference, gil) { return .bytes(value) }
        if let value = try? [Int].fromPython(reference, gil) { return .numbers(value) }
        return .list(try [Data].fromPython(reference, gil))
    }

    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        switch self {
        case .bool(let value): value.pythonReference(gil)
        case .integer(let value): try value.pythonReference(gil)
        case .text(let value): try value.pythonReference(gil)
        case .bytes(let value): try value.pythonReference(gil)
        case .list(let value): try value.pythonReference(gil)
        case .numbers(let value): try value.pythonReference(gil)
        }
    }
}
