// Duration ⇄ timedelta.
// SPDX-License-Identifier: Apache-2.0

extension Duration: PythonConvertible {
    private static var attosecondsPerMicrosecond: Int64 { 1_000_000_000_000 }

    /// Makes a `timedelta`.
    ///
    /// - Throws: ``PythonConversionError`` where it is no whole number of microseconds, or longer
    ///   than 999,999,999 days.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let (seconds, attoseconds) = components
        let (microseconds, rest) = attoseconds.quotientAndRemainder(
            dividingBy: Self.attosecondsPerMicrosecond
        )
        guard rest == 0 else {
            throw PythonConversionError(
                .value,
                "the duration is no whole number of microseconds, which timedelta counts"
            )
        }
        return try RuntimeValue.make(.values, "timedelta_of", [seconds, microseconds], gil)
    }

    /// Reads a `timedelta`.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Duration {
        let parts: PythonTypedTuple<Int64, Int64> = try RuntimeValue.read(
            .values,
            "parts_of_timedelta",
            reference,
            gil
        )
        let (seconds, microseconds) = parts.values
        return .seconds(seconds) + .microseconds(microseconds)
    }
}
