// Methods of Swift classes.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A method of a ``PythonClass``.
///
/// The closure takes the instance and the arguments. It runs with the GIL held, on whichever
/// thread calls the method. An `async` one starts at once and its call gives an `asyncio.Future`,
/// as for ``PythonFunction``; it keeps the instance alive until it ends. Without descriptions the
/// arguments are positional; a ``PythonParameter`` for each gives it a name and perhaps a default.
///
/// ```swift
/// PythonMethod("add", documentation: "Adds n.") { (counter, n: Int) in counter.add(n) }
/// PythonMethod("fetch", .positional("url"), .keyword("retries", default: 3)) {
///     (client, url: String, retries: Int) async throws in try await client.fetch(url, retries)
/// }
/// ```
///
/// A method of the name of a special method is that, such as `__call__`.
public struct PythonMethod<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    @usableFromInline
    init(
        _ signature: FunctionSignature,
        _ documentation: String?,
        _ fileID: StaticString,
        _ line: UInt,
        _ body: @escaping BoundMethodBody
    ) {
        let frame = SwiftFrame(signature.name, file: fileID, line: line)
        definition = PythonClassDefinition { className in
            let part = MethodPart(
                name: signature.name,
                documentation: documentation,
                signature: signature.asMethod(of: className, .instance).located(at: frame),
                body: body
            )
            return [.method(part)]
        }
    }
}
