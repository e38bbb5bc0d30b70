// Written by `amaru wrap visits`: change that, and write it again.

import Amaru

/// What `amaru wrap` makes of calls, of enums and of tuples with names.
struct Visits: Sendable {
    /// The module.
    let object: PythonObject

    /// Imports the module.
    ///
    /// - Throws: `PythonException`, an ImportError if it is missing.
    @PythonActor
    init() throws {
        object = try Python.import("visits")
    }
}

@PythonActor
extension Visits {
    /// Calls `mapped(values, change)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func mapped(_ values: [Int], change: @escaping @Sendable (Int) throws -> Int) throws -> [Int] {
        try object.mapped(values, PythonFunction(body: change))
    }

    /// Calls `told(value, tell=None)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func told(_ value: Int, tell: (@Sendable (String) throws -> Void)? = nil) throws -> Bool {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if tell != nil {
            keywords.updateValue(tell.map { PythonFunction(body: $0) }, forKey: "tell")
        }
        return try Python.call(object.told, arguments: [value], keywords: keywords).converted()
    }

    /// Yield even numbers.
    ///
    /// Python: `evens(limit)`.
    /// Its elements: `while let element: Int = try iterator.next()`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func evens(_ limit: Int) throws -> PythonIterator {
        let result: PythonObject = try object.evens(limit)
        return try result.makeIterator()
    }

    /// Calls `opened(name)`.
    ///
    /// Any object: the result.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func opened(_ name: String) throws -> PythonObject {
        try object.opened(name)
    }

    /// Fetch something.
    ///
    /// Python: `fetched(name, delay=0)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func fetched(_ name: String, delay: Double? = nil) async throws -> String {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let delay {
            keywords.updateValue(delay, forKey: "delay")
        }
        let awaitable: PythonObject = try Python.call(
            object.fetched,
            arguments: [name],
            keywords: keywords
        )
        return try await awaitable.awaited().converted()
    }

    /// Calls `paired(number)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func paired(_ number: Int) async throws -> (Int, Int) {
        let awaitable: PythonObject = try object.paired(number)
        let result = try await awaitable.awaited()
        return try result.tupleValues(Int.self, Int.self)
    }

    /// Calls `settled()`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func settled() async throws {
        let awaitable: PythonObject = try object.settled()
        _ = try await awaitable.awaited()
    }

    /// Calls `awaited(number)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func awaited(_ number: Int) async throws -> Int {
        let awaitable: PythonObject = try Python.call(
            object.readAttribute("awaited"),
            arguments: [number]
        )
        return try await awaitable.awaited().converted()
    }

    /// Calls `ticks(count)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func ticks(_ count: Int) throws -> PythonAsyncSequence<Int> {
        let result: PythonObject = try object.ticks(count)
        return result.asyncSequence()
    }

    /// Calls `level_name(level, others=...)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func levelName(_ level: Visits.Level, others: [PythonObject]? = nil) throws -> String {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let others {
            keywords.updateValue(others, forKey: "others")
        }
        return try Python.call(
            object.level_name,
            arguments: [level.member],
            keywords: keywords
        ).converted()
    }

    /// Calls `next_level(level=None)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func nextLevel(_ level: Visits.Level? = nil) throws -> Visits.Level? {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if level != nil {
            try keywords.updateValue(level.map { try $0.member }, forKey: "level")
        }
        return try Python.call(object.next_level, keywords: keywords).converted()
    }

    /// Calls `code(value, others)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func code(_ value: Visits.Code, others: [Visits.Code]) throws -> Visits.Code {
        try object.code(value.member, others)
    }

    /// Calls `access(value)`.
    ///
    /// Any object: `value`, the result.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func access(_ value: any ConvertibleToPython) throws -> PythonObject {
        try object.access(value)
    }

    /// Calls `moved(point, by=1)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func moved(_ point: Visits.Point, by: Double? = nil) throws -> Visits.Point {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let by {
            keywords.updateValue(by, forKey: "by")
        }
        return try Python.call(object.moved, arguments: [point], keywords: keywords).converted()
    }

    /// Calls `noted(reading)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func noted(_ reading: Visits.Reading) throws -> Visits.Reading {
        try object.noted(reading)
    }

    /// Calls `readings(count)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func readings(_ count: Int) throws -> [Visits.Reading] {
        try object.readings(count)
    }
}

extension Visits {
    /// How much is measured.
    enum Level: String, PythonConvertible, CaseIterable, Sendable {
        /// `LOW`.
        case low = "low"
        /// `HIGH_END`.
        case highEnd = "high"
        /// `DEFAULT`.
        case `default` = "default"
    }
}

@PythonActor
extension Visits.Level {
    /// The member of the Python enum.
    var member: PythonObject {
        get throws { try Python.call(Python.import("visits").Level, arguments: [rawValue]) }
    }
}

extension Visits {
    /// The Python enum `Code`.
    enum Code: Int, PythonConvertible, CaseIterable, Sendable {
        /// `OK`.
        case ok = 0
        /// `WORSE`.
        case worse = -2
    }
}

@PythonActor
extension Visits.Code {
    /// The member of the Python enum.
    var member: PythonObject {
        get throws { try Python.call(Python.import("visits").Code, arguments: [rawValue]) }
    }
}

extension Visits {
    /// A point of the plane.
    struct Point: PythonProtocolWrapper {
        /// What an object has that is taken for an instance.
        static let requirements: [PythonRequirement] = [
            .attribute("x"),
            .attribute("y"),
            .method("length"),
        ]

        /// The instance.
        let object: PythonObject

        /// Wraps an instance.
        init(object: PythonObject) {
            self.object = object
        }
    }
}

@PythonActor
extension Visits.Point {
    /// The Python class.
    static var pythonClass: PythonObject {
        get throws { try Python.import("visits").Point }
    }

    /// Makes `visits.Point(x, y=0.0)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    init(x: Double, y: Double? = nil) throws {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let y {
            keywords.updateValue(y, forKey: "y")
        }
        object = try Python.call(Self.pythonClass, arguments: [x], keywords: keywords)
    }

    /// The attribute `x`.
    var x: Double {
        get throws { try object.x }
    }

    /// The attribute `y`.
    var y: Double {
        get throws { try object.y }
    }

    /// Return the distance from the origin.
    ///
    /// Python: `length()`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func length() throws -> Double {
        try object.length()
    }
}

extension Visits {
    /// What one station sends.
    struct Reading: PythonConvertible, Sendable {
        /// The item `station_id`.
        var stationId: Int
        /// The item `value`.
        var value: Double?
        /// The item `note`.
        var note: String?
        /// The item `tags`.
        var tags: [String]??

        /// Creates a value; optional items that are nil are left out.
        init(stationId: Int, value: Double?, note: String? = nil, tags: [String]?? = nil) {
            self.stationId = stationId
            self.value = value
            self.note = note
            self.tags = tags
        }

        /// Makes the dict.
        ///
        /// - Throws: `PythonConversionError` if an item cannot be represented.
        func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
            var items: [(PythonValue, PythonValue)] = []
            items.append(("station_id", .value(self.stationId)))
            items.append(("value", .value(self.value)))
            if let item = self.note {
                items.append(("note", .value(item)))
            }
            if let item = self.tags {
                items.append(("tags", .value(item)))
            }
            return try PythonValue.dict(items).pythonReference(gil)
        }

        /// Reads a dict; items that the type does not have are passed over.
        ///
        /// - Throws: `PythonConversionError` if an item is missing or does not convert.
        static func fromPython(
            _ reference: borrowing BorrowedReference,
            _ gil: borrowing PythonGIL
        ) throws -> Self {
            let items = try [String: PythonObject].fromPython(reference, gil)
            guard let stationId = items["station_id"] else {
                throw PythonConversionError(.value, "the key 'station_id' is missing")
            }
            guard let value = items["value"] else {
                throw PythonConversionError(.value, "the key 'value' is missing")
            }
            var note: String?
            if let item = items["note"] {
                note = try gil.convert(item, to: String.self)
            }
            var tags: [String]??
            if let item = items["tags"] {
                tags = try gil.convert(item, to: [String]?.self)
            }
            return try Self(
                stationId: gil.convert(stationId, to: Int.self),
                value: gil.convert(value, to: Double?.self),
                note: note,
                tags: tags
            )
        }
    }
}
