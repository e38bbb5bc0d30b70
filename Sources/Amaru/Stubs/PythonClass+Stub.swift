// Classes in stubs.
// SPDX-License-Identifier: Apache-2.0

extension PythonClass {
    /// The lines of the class in a stub.
    var stub: [String] {
        var body: [String] = []
        var names: Set<String> = []
        // Of several meanings of an operator one line is enough.
        for part in parts(name) {
            for line in part.stub where names.insert(line).inserted || line.hasPrefix("@") {
                body.append(line)
            }
        }
        let heading = base.map { "class \(name)(\(TypeHint.result($0)))" } ?? "class \(name)"
        return StubText.block(heading, documentation, body)
    }
}

extension ClassPart {
    /// The lines of a part; types are those of the closures where the part knows them.
    fileprivate var stub: [String] {
        switch self {
        case .initializer(let signature, _):
            signature.asInitializer.stub(nil)
        case .method(let method):
            method.signature.stub(method.documentation)
        case .special(let name, _), .bareMethod(let name, _), .operation(let name, _):
            [SpecialMethod.stub(name)]
        case .property(let property):
            property.setter == nil
                ? ["@property", "def \(property.name)(self) -> \(property.hint()): ..."]
                : ["\(property.name): \(property.hint())"]
        case .staticMethod(let function):
            function.signature.stub(function.documentation, decorators: ["staticmethod"])
        case .classMethod(let function):
            [
                "@classmethod",
                "def \(function.name)(cls, *args: typing.Any, **kwargs: typing.Any) -> typing.Any: ...",
            ]
        case .constant(let name, _): ["\(name): typing.Any"]
        case .buffer, .hashIsNone: []
        }
    }
}

extension FunctionSignature {
    /// The signature as that of `__init__`.
    fileprivate var asInitializer: FunctionSignature {
        FunctionSignature(
            "__init__",
            parameters,
            isNamed: isNamed,
            receiver: .instance,
            result: { "None" }
        )
    }
}

/// The special methods whose types Python prescribes.
private enum SpecialMethod {
    private static let results = [
        "__len__": "int", "__hash__": "int", "__index__": "int", "__int__": "int",
        "__float__": "float", "__complex__": "complex", "__bool__": "bool", "__repr__": "str",
        "__str__": "str", "__bytes__": "bytes",
    ]
    private static let others = [
        "__eq__": "(self, other: object, /) -> bool",
        "__ne__": "(self, other: object, /) -> bool",
        "__contains__": "(self, item: object, /) -> bool",
        "__setitem__": "(self, key: typing.Any, value: typing.Any, /) -> None",
        "__delitem__": "(self, key: typing.Any, /) -> None",
        "__iter__": "(self) -> typing.Iterator[typing.Any]",
        "__next__": "(self) -> typing.Any",
        "__enter__": "(self) -> typing.Any",
        "__exit__": "(self, *error: typing.Any) -> bool",
        "__aenter__": "(self) -> typing.Awaitable[typing.Any]",
        "__aexit__": "(self, *error: typing.Any) -> typing.Awaitable[bool]",
        "__aiter__": "(self) -> typing.AsyncIterator[typing.Any]",
        "__reduce__": "(self) -> tuple[typing.Any, ...]",
        "__setstate__": "(self, state: typing.Any, /) -> None",
        "__neg__": "(self) -> typing.Any", "__pos__": "(self) -> typing.Any",
        "__abs__": "(self) -> typing.Any", "__invert__": "(self) -> typing.Any",
        "__fspath__": "(self) -> str",
    ]

    static func stub(_ name: String) -> String {
        let shape =
            results[name].map { "(self) -> \($0)" } ?? others[name]
            ?? "(self, other: typing.Any, /) -> typing.Any"
        return "def \(name)\(shape): ..."
    }
}
