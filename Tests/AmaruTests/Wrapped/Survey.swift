// Written by `amaru wrap survey`: change that, and write it again.

import Amaru

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Measurements of a survey.
///
/// What `amaru wrap` is tested with.
///
/// Each function is here for a kind of hint or of parameter.
struct Survey: Sendable {
    /// The module.
    let object: PythonObject

    /// Imports the module.
    ///
    /// - Throws: `PythonException`, an ImportError if it is missing.
    @PythonActor
    init() throws {
        object = try Python.import("survey")
    }
}

@PythonActor
extension Survey {
    /// A survey that cannot be made.
    nonisolated static var surveyError: PythonExceptionClass {
        .named("survey.SurveyError")
    }

    /// The attribute `MAX_SIZE`.
    var maxSize: Int {
        get throws { try object.MAX_SIZE }
    }

    /// The attribute `PRECISION`.
    var precision: Int {
        get throws { try object.PRECISION }
    }

    /// The attribute `units`.
    var units: [String: String] {
        get throws { try object.units }
    }

    /// Return the mean.
    ///
    /// Weights count if there are any.
    ///
    /// Returns: a hostile list item, `code` and */ /* \u{0}
    ///
    /// Python: `mean(values, *, weights=None)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func mean(_ values: [Double], weights: [Double]? = nil) throws -> Double {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if weights != nil {
            keywords.updateValue(weights, forKey: "weights")
        }
        return try Python.call(object.mean, arguments: [values], keywords: keywords).converted()
    }

    /// Calls `scaled(values, factor=2.0, offset=1.0)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func scaled(
        _ values: [Double],
        factor: Double? = nil,
        offset: Double?? = nil
    ) throws -> [Double] {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let factor {
            keywords.updateValue(factor, forKey: "factor")
        }
        if let offset {
            keywords.updateValue(offset, forKey: "offset")
        }
        return try Python.call(object.scaled, arguments: [values], keywords: keywords).converted()
    }

    /// Calls `positional(a, b=10, c=100, /)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func positional(_ a: Int) throws -> Int {
        try object.positional(a)
    }

    /// Calls `positional(a, b=10, c=100, /)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func positional(_ a: Int, _ b: Int) throws -> Int {
        try object.positional(a, b)
    }

    /// Calls `positional(a, b=10, c=100, /)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func positional(_ a: Int, _ b: Int, _ c: Int) throws -> Int {
        try object.positional(a, b, c)
    }

    /// Calls `total(start, extra=0, *args, sign=1, **kwargs)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func total(_ start: Int, sign: Int? = nil, kwargs: [String: Int] = [:]) throws -> Int {
        var keywords: [String: (any ConvertibleToPython)?] = kwargs.mapValues { $0 }
        if let sign {
            keywords.updateValue(sign, forKey: "sign")
        }
        return try Python.call(object.total, arguments: [start], keywords: keywords).converted()
    }

    /// Calls `total(start, extra=0, *args, sign=1, **kwargs)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func total(
        _ start: Int,
        extra: Int,
        sign: Int? = nil,
        kwargs: [String: Int] = [:]
    ) throws -> Int {
        var keywords: [String: (any ConvertibleToPython)?] = kwargs.mapValues { $0 }
        if let sign {
            keywords.updateValue(sign, forKey: "sign")
        }
        return try Python.call(
            object.total,
            arguments: [start, extra],
            keywords: keywords
        ).converted()
    }

    /// Calls `total(start, extra=0, *args, sign=1, **kwargs)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func total(
        _ start: Int,
        extra: Int,
        args: [Int],
        sign: Int? = nil,
        kwargs: [String: Int] = [:]
    ) throws -> Int {
        var arguments: [(any ConvertibleToPython)?] = [start, extra]
        arguments += args.map { $0 }
        var keywords: [String: (any ConvertibleToPython)?] = kwargs.mapValues { $0 }
        if let sign {
            keywords.updateValue(sign, forKey: "sign")
        }
        return try Python.call(object.total, arguments: arguments, keywords: keywords).converted()
    }

    /// Calls `everything(*args, **kwargs)`.
    ///
    /// Any object: `args`, `kwargs`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func everything(
        args: [any ConvertibleToPython] = [],
        kwargs: [String: any ConvertibleToPython] = [:]
    ) throws -> String {
        var arguments: [(any ConvertibleToPython)?] = []
        arguments += args.map { $0 }
        let keywords: [String: (any ConvertibleToPython)?] = kwargs.mapValues { $0 }
        return try Python.call(
            object.everything,
            arguments: arguments,
            keywords: keywords
        ).converted()
    }

    /// Calls `untyped(value, other=None)`.
    ///
    /// Any object: `value`, `other`, the result.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    @discardableResult
    func untyped(
        _ value: any ConvertibleToPython,
        other: (any ConvertibleToPython)? = nil
    ) throws -> PythonObject {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let other {
            keywords.updateValue(other, forKey: "other")
        }
        return try Python.call(object.untyped, arguments: [value], keywords: keywords)
    }

    /// Calls `missing(value, count=1)`.
    ///
    /// Any object: `value`, the result.
    /// The hint of `value` cannot be resolved: NameError: name 'Unknown' is not defined
    /// The hint of `return` cannot be resolved: NameError: name 'Unknown' is not defined
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func missing(_ value: any ConvertibleToPython, count: Int? = nil) throws -> PythonObject {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let count {
            keywords.updateValue(count, forKey: "count")
        }
        return try Python.call(object.missing, arguments: [value], keywords: keywords)
    }

    /// Calls `find(name, places)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func find(_ name: String, places: [String: Int]) throws -> Int? {
        try object.find(name, places)
    }

    /// Calls `anything(flag)`.
    ///
    /// Any object: the result.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func anything(_ flag: Bool) throws -> PythonObject? {
        try object.anything(flag)
    }

    /// Calls `swapped(pair)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func swapped(_ pair: (Int, String)) throws -> (String, Int) {
        let result: PythonObject = try object.swapped(PythonTypedTuple(pair.0, pair.1))
        return try result.tupleValues(String.self, Int.self)
    }

    /// Calls `maybe_swapped(pair=None)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func maybeSwapped(_ pair: (Int, String)? = nil) throws -> (String, Int)? {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if pair != nil {
            keywords.updateValue(pair.map { PythonTypedTuple($0.0, $0.1) }, forKey: "pair")
        }
        let result: PythonObject = try Python.call(object.maybe_swapped, keywords: keywords)
        return try result.converted(to: PythonObject?.self).map {
            try $0.tupleValues(String.self, Int.self)
        }
    }

    /// Calls `spread(values)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func spread(_ values: [Int]) throws -> String {
        try object.spread(Python.builtin("tuple")(values) as PythonObject)
    }

    /// Calls `unique(values)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func unique(_ values: [String]) throws -> Set<String> {
        try object.unique(values)
    }

    /// Calls `frozen(values)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func frozen(_ values: PythonFrozenSet<Int>) throws -> Set<Int> {
        try object.frozen(values)
    }

    /// Calls `raised(values, by)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func raised(_ values: [Double], by: Int) throws -> [Double] {
        try object.raised(values, by)
    }

    /// Calls `first(values)`.
    ///
    /// Any object: the result.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func first(_ values: [PythonObject]) throws -> PythonObject {
        try object.first(values)
    }

    /// Calls `choose(mode, count=1)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func choose(_ mode: String, count: Int? = nil) throws -> String {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let count {
            keywords.updateValue(count, forKey: "count")
        }
        return try Python.call(object.choose, arguments: [mode], keywords: keywords).converted()
    }

    /// Calls `station(number)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func station(_ number: Int) throws -> Int {
        try object.station(number)
    }

    /// Calls `raw(data, more)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func raw(_ data: Data, more: Data) throws -> Data {
        try object.raw(data, Python.builtin("bytearray")(more) as PythonObject)
    }

    /// Calls `moment(when, wait, price, key)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func moment(
        _ when: DateComponents,
        wait: Duration,
        price: Decimal,
        key: UUID
    ) throws -> (Duration, Decimal, UUID, Int) {
        let result: PythonObject = try object.moment(when, wait, price, key)
        return try result.tupleValues(Duration.self, Decimal.self, UUID.self, Int.self)
    }

    /// Calls `parent(path)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func parent(_ path: URL) throws -> URL {
        try object.parent(path)
    }

    /// Calls `failing(reason)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func failing(_ reason: String) throws {
        try object.failing(reason)
    }

    /// Parse a number.
    ///
    /// Python: `parse(text)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func parse(_ text: String) throws -> Int {
        try object.parse(text)
    }

    /// Parse a number.
    ///
    /// Python: `parse(text, encoding)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func parse(_ text: Data, encoding: String) throws -> Double {
        try object.parse(text, encoding)
    }

    /// Calls `readAll(self, object, result=1)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func readAll(
        _ selfValue: Int,
        object objectValue: Int,
        result resultValue: Int? = nil
    ) throws -> Int {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let resultValue {
            keywords.updateValue(resultValue, forKey: "result")
        }
        return try Python.call(
            object.readAttribute("readAll"),
            arguments: [selfValue, objectValue],
            keywords: keywords
        ).converted()
    }

    /// Calls `read_all(in_, inout, class_=0)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func readAll2(
        _ inValue: Int,
        `inout` inoutValue: Int,
        class classValue: Int? = nil
    ) throws -> Int {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let classValue {
            keywords.updateValue(classValue, forKey: "class_")
        }
        return try Python.call(
            object.read_all,
            arguments: [inValue, inoutValue],
            keywords: keywords
        ).converted()
    }
}
