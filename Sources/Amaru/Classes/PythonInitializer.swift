// How Python code makes instances of a Swift class.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The initialiser of a ``PythonClass``.
///
/// It is the class's `__init__`: a subclass in Python that defines its own calls
/// `super().__init__` with what the closure takes. A class without initialiser cannot be made in
/// Python, and raises a TypeError there. The closure runs with the GIL held, on whichever thread
/// calls the class.
///
/// ```swift
/// PythonInitializer { (start: Int) in Counter(start) }
/// ```
public struct PythonInitializer<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes the closure that makes an instance of the positional arguments.
    public init<each Parameter: ConvertibleFromPython>(
        _ body: @escaping @Sendable (repeat each Parameter) throws -> Instance
    ) {
        let count = PackShape.count(repeat (each Parameter).self)
        definition = PythonClassDefinition { className in
            let make: InitializerBody = { arguments, keywords, gil in
                var cursor = try ArgumentCursor(
                    className,
                    arguments,
                    keywords: keywords,
                    expecting: count
                )
                return try body(repeat cursor.next((each Parameter).self, gil))
            }
            return [.initializer(signature: PackShape.signature(count), make)]
        }
    }
}

/// Facts about parameter packs.
enum PackShape {
    /// The number of elements.
    static func count<each Element>(_ types: repeat (each Element).Type) -> Int {
        var count = 0
        for _ in repeat each types { count += 1 }
        return count
    }

    /// A signature of nameless positional parameters, as `inspect` reads it.
    static func signature(_ count: Int, receiver: String? = nil) -> String {
        var names = receiver.map { [$0] } ?? []
        if count > 0 { names += (1...count).map { "argument\($0)" } }
        if !names.isEmpty { names.append("/") }
        return "(\(names.joined(separator: ", ")))"
    }
}
