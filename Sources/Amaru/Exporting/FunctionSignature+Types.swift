// Makes signatures of the parameters and the result of a Swift closure.
// SPDX-License-Identifier: Apache-2.0

extension FunctionSignature {
    /// Creates the signature of positional parameters without names.
    @usableFromInline
    convenience init<each Argument: ConvertibleFromPython, Value>(
        unnamed name: String,
        _ types: repeat (each Argument).Type,
        result: Value.Type,
        isAsynchronous: Bool = false
    ) {
        var parameters: [ParameterDescription] = []
        for type in repeat each types {
            parameters.append(Self.unnamed(type, at: parameters.count))
        }
        self.init(
            name,
            parameters,
            isNamed: false,
            isAsynchronous: isAsynchronous,
            result: { TypeHint.result(result) }
        )
    }

    /// Creates the signature of described parameters.
    @usableFromInline
    convenience init<First: ConvertibleFromPython, each Other: ConvertibleFromPython, Value>(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        result: Value.Type,
        isAsynchronous: Bool = false
    ) {
        var parameters = [first.description]
        for other in repeat each others { parameters.append(other.description) }
        self.init(
            name,
            parameters,
            isAsynchronous: isAsynchronous,
            result: { TypeHint.result(result) }
        )
    }

    private static func unnamed<Argument: ConvertibleFromPython>(
        _ type: Argument.Type,
        at index: Int
    ) -> ParameterDescription {
        ParameterDescription("arg\(index + 1)", .positionalOnly) { TypeHint.parameter(type) }
    }
}
