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
        case .initializer: [Self.untyped("__init__", result: "None")]
        case .method(let name, _, _), .bareMethod(let name, _), .operation(let name, _):
            [Self.untyped(name)]
        case .property(let name, _, _, let setter):
            setter == nil
                ? ["@property", "def \(name)(self) -> typing.Any: ..."]
                : ["\(name): typing.Any"]
        case .staticMethod(let function):
            function.signature.stub(function.documentation, decorators: ["staticmethod"])
        case .classMethod(let function):
            ["@classmethod", Self.untyped(function.name, receiver: "cls")]
        case .constant(let name, _): ["\(name): typing.Any"]
        case .buffer, .hashIsNone: []
        }
    }

    private static func untyped(
        _ name: String,
        receiver: String = "self",
        result: String = "typing.Any"
    ) -> String {
        "def \(name)(\(receiver), *args: typing.Any, **kwargs: typing.Any) -> \(result): ..."
    }
}
