// Codable values to Python objects and back.
// SPDX-License-Identifier: Apache-2.0

@PythonActor
extension Python {
    /// Encodes a value as Python data: dict, list, str, int, float, bool, None.
    ///
    /// Dates, `Data`, URLs, UUIDs, decimals, durations and wide integers are objects of Python's
    /// own classes, as they are where they are converted by themselves. A dictionary is a dict
    /// with its keys encoded; sets, as `Codable` has it, are lists.
    ///
    /// - Throws: ``PythonConversionError`` with the path to what has no representation or is
    ///   nested too deeply; what `encode(to:)` of the value throws.
    public static func encode(_ value: some Encodable, coding: PythonCoding = PythonCoding()) throws
        -> PythonObject
    {
        try Interpreter.requireRunning()
        return PythonObject(try ValueEncoder.encode(value, coding, PythonGIL()))
    }

    /// Decodes a value of Python data or objects.
    ///
    /// What has keys in Swift is a dict or another mapping in Python, or any object with
    /// attributes of these names: a dataclass, named tuple, pydantic model. Lists are lists,
    /// tuples, sets and other sized collections.
    ///
    /// - Throws: ``PythonConversionError``, never Swift's `DecodingError`, with the path, as in
    ///   `messages[2].content: expected str, found list`; what `init(from:)` throws otherwise.
    public static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self,
        from object: PythonObject,
        coding: PythonCoding = PythonCoding()
    ) throws -> Value {
        try Interpreter.requireRunning()
        do {
            return try ValueDecoder.decode(
                type,
                BorrowedReference(object.pointer),
                coding,
                PythonGIL()
            )
        } catch let error as PythonConversionError {
            // The first key needs no dot, where nothing stands before it.
            guard let first = error.path.first, first.hasPrefix(".") else { throw error }
            let bare = PythonConversionError(error.kind, error.reason)
            throw ([String(first.dropFirst())] + error.path.dropFirst()).reversed()
                .reduce(bare) { $0.at($1) }
        }
    }
}
