// What Swift does with sequences, on an iteration whose steps can raise.
// SPDX-License-Identifier: Apache-2.0

/// The algorithms of `Sequence`, which throw what a step raises.
///
/// The closure's parameter says what each element is converted to; without a type it is an object.
///
/// ```swift
/// let names = try table.columns.makeIterator().map { (name: String) in name.uppercased() }
/// ```
///
/// Each consumes what is left of the iteration, or the part that it looks at. A conversion that
/// fails names the element by its place.
extension PythonIterator {
    /// Calls the closure with each element.
    ///
    /// - Throws: What a step raises, ``PythonConversionError``, and what the closure throws.
    public func forEach<Element: ConvertibleFromPython>(
        _ body: (Element) throws -> Void
    ) throws {
        var place = 0
        while let element: Element = try converting(at: "[\(place)]", { try next() }) {
            try body(element)
            place += 1
        }
    }

    /// Returns what the closure makes of each element.
    ///
    /// - Throws: What a step raises, ``PythonConversionError``, and what the closure throws.
    public func map<Element: ConvertibleFromPython, Result>(
        _ transform: (Element) throws -> Result
    ) throws -> [Result] {
        try reduce(into: []) { $0.append(try transform($1)) }
    }

    /// Returns what the closure makes of each element, without nil.
    ///
    /// - Throws: What a step raises, ``PythonConversionError``, and what the closure throws.
    public func compactMap<Element: ConvertibleFromPython, Result>(
        _ transform: (Element) throws -> Result?
    ) throws -> [Result] {
        try reduce(into: []) { if let result = try transform($1) { $0.append(result) } }
    }

    /// Returns the elements for which the closure returns true.
    ///
    /// - Throws: What a step raises, ``PythonConversionError``, and what the closure throws.
    public func filter<Element: ConvertibleFromPython>(
        _ isIncluded: (Element) throws -> Bool
    ) throws -> [Element] {
        try reduce(into: []) { if try isIncluded($1) { $0.append($1) } }
    }

    /// Returns the first element for which the closure returns true, or nil.
    ///
    /// The iteration stands behind that element afterwards.
    ///
    /// - Throws: What a step raises, ``PythonConversionError``, and what the closure throws.
    public func first<Element: ConvertibleFromPython>(
        where predicate: (Element) throws -> Bool
    ) throws -> Element? {
        var place = 0
        while let element: Element = try converting(at: "[\(place)]", { try next() }) {
            if try predicate(element) { return element }
            place += 1
        }
        return nil
    }

    /// Combines the elements, from the left.
    ///
    /// - Throws: What a step raises, ``PythonConversionError``, and what the closure throws.
    public func reduce<Element: ConvertibleFromPython, Result>(
        _ initial: Result,
        _ combine: (Result, Element) throws -> Result
    ) throws -> Result {
        try reduce(into: initial) { $0 = try combine($0, $1) }
    }

    /// Combines the elements, from the left, into a value that changes in place.
    ///
    /// - Throws: What a step raises, ``PythonConversionError``, and what the closure throws.
    public func reduce<Element: ConvertibleFromPython, Result>(
        into initial: Result,
        _ update: (inout Result, Element) throws -> Void
    ) throws -> Result {
        var result = initial
        try forEach { (element: Element) in try update(&result, element) }
        return result
    }
}
