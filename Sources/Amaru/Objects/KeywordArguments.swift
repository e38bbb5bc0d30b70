// Labelled arguments in the order in which CPython wants them, with the tuple of their names.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The arguments of one call with keywords.
@usableFromInline
struct KeywordArguments: ~Copyable {
    /// The positional ones, then the named ones, each group in its order.
    @usableFromInline
    let arguments: [any ConvertibleToPython]
    /// The names of the last arguments, a tuple.
    @usableFromInline
    let names: OwnedReference

    /// Sorts the arguments: Swift lets an unlabelled one follow a labelled one, Python does not.
    @usableFromInline
    init(_ pairs: KeyValuePairs<StaticString, any ConvertibleToPython>) throws {
        var positional: [any ConvertibleToPython] = []
        positional.reserveCapacity(pairs.count)
        var named: [any ConvertibleToPython] = []
        var literals: [StaticString] = []
        for (label, argument) in pairs {
            if label.utf8CodeUnitCount == 0 {
                positional.append(argument)
            } else {
                named.append(argument)
                literals.append(label)
            }
        }
        arguments = positional + named
        names = try Self.tuple(of: literals)
    }

    private static func tuple(of literals: [StaticString]) throws -> OwnedReference {
        let tuple = try OwnedReference(new: PyTuple_New(literals.count))
        for (index, literal) in literals.enumerated() {
            guard let name = literal.pythonName else { throw PythonException.taken() }
            amaru_incref(name)
            amaru_tuple_fill(tuple.pointer, index, name)  // stolen
        }
        return tuple
    }
}
