// The numbered methods of a class.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// The methods of a class by their numbers, those of the base class first.
///
/// All that it allocates stays forever, as the class does.
struct MethodTable {
    struct Definition {
        let name: String
        let definition: UnsafeMutablePointer<PyMethodDef>
    }

    let entries: UnsafeMutablePointer<amaru_callable>
    let count: Int
    /// Of the class itself, without those of its base.
    let definitions: [Definition]

    init(
        _ parts: [ClassPart],
        base: ClassRecord?,
        className: String,
        _ gil: borrowing PythonGIL
    ) throws {
        var methods: [Method] = []
        for part in parts {
            if let method = try Self.method(part, gil) { methods.append(method) }
        }
        let inherited = base?.methodCount ?? 0
        count = inherited + methods.count
        guard count <= AMARU_METHOD_LIMIT else {
            throw AmaruError(
                .invalidClass,
                """
                \(className) has \(count) methods and operators with those of its base; \
                \(AMARU_METHOD_LIMIT) are possible: divide it into several classes.
                """
            )
        }
        entries = .allocate(capacity: max(count, 1))
        if let base { entries.initialize(from: base.methods, count: inherited) }
        var definitions: [Definition] = []
        for (index, method) in methods.enumerated() {
            let number = inherited + index
            (entries + number).initialize(to: method.entry)
            let definition = UnsafeMutablePointer<PyMethodDef>.allocate(capacity: 1)
            definition.initialize(to: PyMethodDef())
            definition.pointee.ml_name = UnsafePointer(CText.permanent(method.name))
            definition.pointee.ml_doc = UnsafePointer(method.documentation.map(CText.permanent))
            amaru_define_method(definition, Int32(number), method.takesKeywords ? 1 : 0)
            definitions.append(Definition(name: method.name, definition: definition))
        }
        self.definitions = definitions
    }

    private struct Method {
        let name: String
        let documentation: String?
        let takesKeywords: Bool
        let entry: amaru_callable
    }

    private static func method(_ part: ClassPart, _ gil: borrowing PythonGIL) throws -> Method? {
        switch part {
        case .method(let method):
            try method.signature.check()
            let documentation = try method.signature.docstring(method.documentation, gil)
            return Method(
                name: method.name,
                documentation: documentation,
                takesKeywords: method.signature.isNamed,
                entry: Entry.callable(Entry.Method(method))
            )
        case .special(let name, let body):
            return special(name, Entry.SpecialMethod(body), apart: Entry.specialMethod)
        case .bareMethod(let name, let body):
            return special(name, Entry.BareMethod(body), apart: Entry.bareMethod)
        default:
            return nil
        }
    }

    private static func special(_ name: String, _ owner: AnyObject, apart: amaru_apart) -> Method {
        let entry = Entry.callable(owner, apart: apart)
        return Method(name: name, documentation: nil, takesKeywords: true, entry: entry)
    }
}

extension ClassPart {
    /// The parts with the meanings of each operator made one method.
    static func merged(_ parts: [ClassPart]) -> [ClassPart] {
        var order: [String] = []
        var meanings: [String: [OperatorBody]] = [:]
        var result: [ClassPart] = []
        for part in parts {
            guard case .operation(let name, let body) = part else {
                result.append(part)
                continue
            }
            if meanings[name] == nil { order.append(name) }
            meanings[name, default: []].append(body)
        }
        for name in order {
            let bodies = meanings[name] ?? []
            result.append(.special(name: name, operation(name, bodies)))
        }
        return withHash(result)
    }

    /// Tries each meaning; NotImplemented where the operand suits none.
    private static func operation(_ name: String, _ bodies: [OperatorBody]) -> MethodBody {
        { instance, object, arguments, keywords, gil in
            guard arguments.count == 1, keywords == nil else {
                throw PythonConversionError(
                    .type,
                    "\(name)() takes exactly one argument (\(arguments.count) given)"
                )
            }
            for body in bodies {
                if let result = try body(instance, object, arguments[0], gil) { return result }
            }
            return OwnedReference(borrowed: amaru_not_implemented()).take()
        }
    }

    /// A class that defines equality and no hash has none, as in Python.
    ///
    /// https://docs.python.org/3/reference/datamodel.html#object.__hash__
    private static func withHash(_ parts: [ClassPart]) -> [ClassPart] {
        func has(_ wanted: String) -> Bool {
            parts.contains { part in
                switch part {
                case .method(let method): method.name == wanted
                case .special(let name, _): name == wanted
                default: false
                }
            }
        }
        return has("__eq__") && !has("__hash__") ? parts + [.hashIsNone] : parts
    }
}
