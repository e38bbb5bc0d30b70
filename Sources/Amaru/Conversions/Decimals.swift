// Foundation's Decimal ⇄ decimal.Decimal.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Decimal: PythonConvertible {
    /// Makes a `decimal.Decimal` of the same value.
    ///
    /// - Throws: ``PythonConversionError`` where it is no number.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        guard isFinite else { throw PythonConversionError(.value, "the decimal is no number") }
        let sign = isSignMinus ? "-" : ""
        return try RuntimeValue.make(
            .values,
            "decimal_of",
            ["\(sign)\(significand)E\(exponent)"],
            gil
        )
    }

    /// Reads a `decimal.Decimal` with the same value; zeros at its end and the sign of a zero,
    /// which do not change it, are not kept.
    ///
    /// - Throws: ``PythonConversionError`` where it is not finite, has more than 38 digits, or an
    ///   exponent outside -128 to 127.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Decimal {
        let parts: PythonTypedTuple<Bool, String, Int> = try RuntimeValue.read(
            .values,
            "parts_of_decimal",
            reference,
            gil
        )
        let (isNegative, digits, exponent) = parts.values
        guard let value = Decimal(isNegative, digits, exponent) else {
            throw PythonConversionError(
                .overflow,
                "Decimal does not fit: Swift's has 38 digits and exponents from -128 to 127"
            )
        }
        return value
    }

    /// A value of decimal digits; nil where it has none.
    private init?(_ isNegative: Bool, _ digits: String, _ exponent: Int) {
        var digits = digits.drop { $0 == "0" }
        var exponent = exponent
        while digits.last == "0" {
            digits.removeLast()
            exponent += 1
        }
        guard !digits.isEmpty else {
            self = 0
            return
        }
        while exponent > 127, digits.count < 38 {
            digits.append("0")
            exponent -= 1
        }
        guard digits.count <= 38, (-128...127).contains(exponent),
            let high = UInt64("0" + digits.dropLast(19)), let low = UInt64(digits.suffix(19))
        else { return nil }
        let shift = Decimal(sign: .plus, exponent: 19, significand: 1)
        let significand = Decimal(high) * shift + Decimal(low)
        self.init(sign: isNegative ? .minus : .plus, exponent: exponent, significand: significand)
    }
}
