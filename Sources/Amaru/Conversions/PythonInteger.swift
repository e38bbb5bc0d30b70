// Integers of any size ⇄ int.
// SPDX-License-Identifier: Apache-2.0

/// An integer of any size, as Python's `int` is.
///
/// It carries a number exactly and has no arithmetic: that is Python's.
///
/// ```swift
/// let factorial: PythonInteger = try Python.import("math").factorial(100)
/// print(factorial)             // 9332621544…
/// let small = Int(exactly: PythonInteger(7))
/// ```
public struct PythonInteger: Hashable, Sendable {
    /// Whether it is less than zero.
    public let isNegative: Bool
    /// The distance from zero in words of 64 bits, the lowest first, none of them zero at the end.
    public let magnitude: [UInt64]

    /// Creates a number of its sign and distance from zero.
    public init(isNegative: Bool = false, magnitude: [UInt64]) {
        var words = magnitude
        while words.last == 0 { words.removeLast() }
        self.isNegative = isNegative && !words.isEmpty
        self.magnitude = words
    }

    /// Creates a number of any integer of Swift.
    public init(_ value: some BinaryInteger) {
        var rest = value.magnitude
        var words: [UInt64] = []
        while rest != 0 {
            words.append(UInt64(truncatingIfNeeded: rest))
            rest >>= 64
        }
        self.init(isNegative: value < 0, magnitude: words)
    }

    /// Creates a number of digits after an optional sign; nil where there is anything else.
    public init?(_ text: some StringProtocol) {
        let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        var words: [UInt64] = []
        for digit in digits.utf8 { words.multiply(by: 10, adding: UInt64(digit - 48)) }
        self.init(isNegative: text.first == "-", magnitude: words)
    }
}

extension PythonInteger: CustomStringConvertible, ExpressibleByIntegerLiteral {
    /// Creates a number of a literal.
    public init(integerLiteral value: Int) {
        self.init(value)
    }

    /// The decimal digits, after a minus where it is negative.
    public var description: String {
        var words = magnitude
        var parts: [String] = []
        while !words.isEmpty {
            let part = String(words.divide(by: 10_000_000_000_000_000_000))
            let padding = words.isEmpty ? 0 : 19 - part.count
            parts.append(String(repeating: "0", count: padding) + part)
        }
        return (isNegative ? "-" : "") + (parts.isEmpty ? "0" : parts.reversed().joined())
    }
}

extension PythonInteger: Comparable {
    /// Says whether the first number is less.
    public static func < (first: PythonInteger, second: PythonInteger) -> Bool {
        guard first.isNegative == second.isNegative else { return first.isNegative }
        let (near, far) = first.isNegative ? (second, first) : (first, second)
        guard near.magnitude.count == far.magnitude.count else {
            return near.magnitude.count < far.magnitude.count
        }
        return near.magnitude.reversed().lexicographicallyPrecedes(far.magnitude.reversed())
    }
}

extension FixedWidthInteger {
    /// Creates the integer of a Python one; nil where it does not fit.
    public init?(exactly number: PythonInteger) {
        let digits = number.hexadecimal
        self.init(digits, radix: 16)
    }
}

extension PythonInteger: PythonConvertible {
    /// Makes an `int`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try IntegerText.make(hexadecimal)
    }

    /// Reads any `int`, and no `bool`.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PythonInteger {
        let digits = try IntegerText.digits(of: reference, gil)
        let isNegative = digits.hasPrefix("-")
        var rest = Array(digits.utf8.dropFirst(isNegative ? 1 : 0))[...]
        var words: [UInt64] = []
        while !rest.isEmpty {
            let word = String(decoding: rest.suffix(16), as: UTF8.self)
            words.append(UInt64(word, radix: 16) ?? 0)  // CPython gives digits only.
            rest = rest.dropLast(16)
        }
        return PythonInteger(isNegative: isNegative, magnitude: words)
    }

    fileprivate var hexadecimal: String {
        guard let highest = magnitude.last else { return "0" }
        let others = magnitude.dropLast().reversed().map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return (isNegative ? "-" : "") + String(highest, radix: 16) + others.joined()
    }
}

extension [UInt64] {
    /// Multiplies the number of these words, the lowest first.
    fileprivate mutating func multiply(by factor: UInt64, adding addend: UInt64) {
        var carry = addend
        for index in indices {
            let product = self[index].multipliedFullWidth(by: factor)
            let (sum, overflow) = product.low.addingReportingOverflow(carry)
            self[index] = sum
            carry = product.high + (overflow ? 1 : 0)
        }
        if carry != 0 { append(carry) }
    }

    /// Divides the number of these words, the lowest first; gives the remainder.
    fileprivate mutating func divide(by divisor: UInt64) -> UInt64 {
        var remainder: UInt64 = 0
        for index in indices.reversed() {
            (self[index], remainder) = divisor.dividingFullWidth((remainder, self[index]))
        }
        while last == 0 { removeLast() }
        return remainder
    }
}
