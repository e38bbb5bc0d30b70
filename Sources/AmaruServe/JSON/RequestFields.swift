// The members of a request's body.
// SPDX-License-Identifier: Apache-2.0

/// The fields of a request's body, whose values are checked as they are read; null is absent.
struct RequestFields: Sendable {
    let members: [JSONMember]
    private let body: JSONValue

    /// Reads a body.
    ///
    /// - Throws: ``RequestError`` if it is missing, or not an object.
    init(_ body: JSONValue?) throws(RequestError) {
        guard let body, case .object(let members) = body else {
            throw .invalid("the body must be a JSON object")
        }
        (self.body, self.members) = (body, members)
    }

    subscript(name: String) -> JSONValue? {
        body[name].flatMap { $0.isNull ? nil : $0 }
    }

    /// Whether there is a field, which may be null.
    func has(_ name: String) -> Bool { body[name] != nil }

    /// The value of a field as `read` returns it; nil if the field is absent.
    func value<Value>(
        _ name: String,
        _ wanted: String,
        _ read: (JSONValue) -> Value?
    ) throws(RequestError) -> Value? {
        guard let value = self[name] else { return nil }
        guard let result = read(value) else {
            throw .invalid("\(name) must be \(wanted)", param: name)
        }
        return result
    }

    /// The value of a field that must be there.
    func required<Value>(
        _ name: String,
        _ wanted: String,
        _ read: (JSONValue) -> Value?
    ) throws(RequestError) -> Value {
        guard let value = try value(name, wanted, read) else {
            throw .invalid("\(name) is required", param: name)
        }
        return value
    }

    /// What a field that is passed on must be.
    enum Kind: String {
        case positiveInteger = "a positive integer"
        case integer = "an integer"
        case number = "a number"
        case boolean = "a boolean"
        case string = "a string"
        case array = "an array"
        case object = "an object"

        fileprivate func holds(for value: JSONValue) -> Bool {
            switch (self, value) {
            case (.positiveInteger, .number): value.integer ?? 0 > 0
            case (.integer, .number): value.integer != nil
            case (.number, .number), (.boolean, .bool), (.string, .string), (.array, .array),
                (.object, .object):
                true
            default: false
            }
        }
    }

    /// Checks the fields that are there, by their names.
    func check(_ kinds: [(Kind, [String])]) throws(RequestError) {
        for (kind, names) in kinds {
            for name in names {
                _ = try value(name, kind.rawValue) { kind.holds(for: $0) ? $0 : nil }
            }
        }
    }

    func flag(_ name: String) throws(RequestError) -> Bool? {
        try value(name, "a boolean") { value in
            if case .bool(let flag) = value { flag } else { nil }
        }
    }

    func string(_ name: String) throws(RequestError) -> String? {
        try value(name, "a string", \.string)
    }

    func id(_ name: String) throws(RequestError) -> Int64? {
        try value(name, "an integer") { $0.integer.map(Int64.init) }
    }
}
