// Pickling and copying of Swift classes.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// How instances of a ``PythonClass`` are pickled, and copied by `copy.copy` and `copy.deepcopy`.
///
/// `state` gives a value that Python can pickle, `restore` makes an instance of it; `__init__` is
/// not called, and attributes that a subclass added travel along. Without this member pickling
/// and copying are a TypeError. To unpickle, the module must be registered.
///
/// ```swift
/// PythonPickling { $0.value } restore: { (value: Int) in Counter(value) }
/// ```
public struct PythonPickling<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes both directions.
    public init<Stored: ConvertibleToPython, Restored: ConvertibleFromPython>(
        state: @escaping @Sendable (Instance) throws -> Stored,
        restore: @escaping @Sendable (Restored) throws -> Instance
    ) {
        definition = PythonClassDefinition { className in
            [
                .nullary("__reduce__", in: className) { instance, object, gil in
                    let state = PythonObject(
                        OwnedReference(
                            new: try Instance.lend(instance) {
                                try state($0).pythonReference(gil).take()
                            }
                        )
                    )
                    let object = PythonObject(OwnedReference(borrowed: object))
                    return try Runtime.call(
                        .classes,
                        "reduce_instance",
                        [object, state],
                        gil
                    ).take()
                },
                .bareMethod(name: "__setstate__") { object, arguments, keywords, gil in
                    var cursor = try ArgumentCursor(
                        "\(className).__setstate__",
                        arguments,
                        keywords: keywords,
                        expecting: 1
                    )
                    let pair = try cursor.next(PythonObject.self, gil)
                    guard amaru_is_tuple(pair.pointer) != 0, PyTuple_Size(pair.pointer) == 2,
                        let state = PyTuple_GetItem(pair.pointer, 0),  // borrowed
                        let attributes = PyTuple_GetItem(pair.pointer, 1)  // borrowed
                    else {
                        throw PythonConversionError(
                            .type,
                            "\(className).__setstate__() takes what __reduce__() gave"
                        )
                    }
                    let value = try converting(at: "state of \(className)") {
                        try Restored.fromPython(BorrowedReference(state), gil)
                    }
                    try InstanceLifecycle.put(NewInstance(restore(value)), into: object)
                    _ = try Runtime.call(
                        .classes,
                        "restore_attributes",
                        [
                            PythonObject(OwnedReference(borrowed: object)),
                            PythonObject(OwnedReference(borrowed: attributes)),
                        ],
                        gil
                    )
                    return PythonNone().pythonReference(gil).take()
                },
            ]
        }
    }
}
