// Written by `amaru wrap stations`: change that, and write it again.

import Amaru

/// What `amaru wrap` makes of classes.
struct Stations: Sendable {
    /// The module.
    let object: PythonObject

    /// Imports the module.
    ///
    /// - Throws: `PythonException`, an ImportError if it is missing.
    @PythonActor
    init() throws {
        object = try Python.import("stations")
    }
}

@PythonActor
extension Stations {
    /// Calls `renamed(samples, name)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func renamed(_ samples: [Stations.Sample], name: String) throws -> [String: Stations.Sample] {
        try object.renamed(samples, name)
    }

    /// Calls `boxed(box)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func boxed(_ box: Stations.Box) throws -> Int {
        try object.boxed(box)
    }

    /// Calls `read(source)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func read(_ source: Stations.Source) throws -> String {
        try object.read(source)
    }
}

extension Stations {
    /// A sample, changed in place.
    struct Sample: PythonProtocolWrapper {
        /// What an object has that is taken for an instance.
        static let requirements: [PythonRequirement] = [
            .attribute("name"),
            .attribute("depth"),
            .attribute("tags"),
            .attribute("parent"),
            .method("at_depth"),
            .method("unit"),
            .method("deeper"),
            .method("__call__"),
            .method("settle"),
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
extension Stations.Sample {
    /// The Python class.
    static var pythonClass: PythonObject {
        get throws { try Python.import("stations").Sample }
    }

    /// Makes `stations.Sample(name, depth=1.0, tags=..., parent=None)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    init(
        name: String,
        depth: Double? = nil,
        tags: [String]? = nil,
        parent: Stations.Sample? = nil
    ) throws {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let depth {
            keywords.updateValue(depth, forKey: "depth")
        }
        if let tags {
            keywords.updateValue(tags, forKey: "tags")
        }
        if parent != nil {
            keywords.updateValue(parent, forKey: "parent")
        }
        object = try Python.call(Self.pythonClass, arguments: [name], keywords: keywords)
    }

    /// The attribute `kind`.
    static var kind: String {
        get throws { try pythonClass.kind }
    }

    /// The attribute `name`.
    var name: String {
        get throws { try object.name }
    }

    /// Sets `name`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func setName(_ value: String) throws {
        try object.setAttribute("name", to: value)
    }

    /// The attribute `depth`.
    var depth: Double {
        get throws { try object.depth }
    }

    /// Sets `depth`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func setDepth(_ value: Double) throws {
        try object.setAttribute("depth", to: value)
    }

    /// The attribute `tags`.
    var tags: [String] {
        get throws { try object.tags }
    }

    /// Sets `tags`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func setTags(_ value: [String]) throws {
        try object.setAttribute("tags", to: value)
    }

    /// The attribute `parent`.
    var parent: Stations.Sample? {
        get throws { try object.parent }
    }

    /// Sets `parent`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func setParent(_ value: Stations.Sample?) throws {
        try object.setAttribute("parent", to: value)
    }

    /// Its name and depth.
    ///
    /// Python: `label`.
    var label: String {
        get throws { try object.label }
    }

    /// The attribute `pair`.
    var pair: (String, Double) {
        get throws {
            let result: PythonObject = try object.pair
            return try result.tupleValues(String.self, Double.self)
        }
    }

    /// The attribute `weight`.
    var weight: Int {
        get throws { try object.weight }
    }

    /// Sets `weight`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func setWeight(_ value: Int) throws {
        try object.setAttribute("weight", to: value)
    }

    /// Make a sample without a name.
    ///
    /// Python: `at_depth(depth)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    static func atDepth(_ depth: Double) throws -> Stations.Sample {
        try pythonClass.at_depth(depth)
    }

    /// Calls `unit()`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    static func unit() throws -> String {
        try pythonClass.unit()
    }

    /// Return a sample from further down.
    ///
    /// Python: `deeper(by=1.0)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func deeper(_ by: Double? = nil) throws -> Stations.Sample {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let by {
            keywords.updateValue(by, forKey: "by")
        }
        return try Python.call(object.deeper, keywords: keywords).converted()
    }

    /// Calls `__call__(count)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func callAsFunction(_ count: Int) throws -> String {
        try object(count)
    }

    /// Calls `settle()`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func settle() async throws -> Stations.Sample {
        let awaitable: PythonObject = try object.settle()
        return try await awaitable.awaited().converted()
    }
}

extension Stations {
    /// Counts, in steps.
    struct Counter: PythonProtocolWrapper {
        /// What an object has that is taken for an instance.
        static let requirements: [PythonRequirement] = [.method("add"), .method("class_")]

        /// The instance.
        let object: PythonObject

        /// Wraps an instance.
        init(object: PythonObject) {
            self.object = object
        }
    }
}

@PythonActor
extension Stations.Counter {
    /// The Python class.
    static var pythonClass: PythonObject {
        get throws { try Python.import("stations").Counter }
    }

    /// Makes `stations.Counter(start=0, /, *, step=1)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    init(step: Int? = nil) throws {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let step {
            keywords.updateValue(step, forKey: "step")
        }
        object = try Python.call(Self.pythonClass, keywords: keywords)
    }

    /// Makes `stations.Counter(start=0, /, *, step=1)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    init(_ start: Int, step: Int? = nil) throws {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let step {
            keywords.updateValue(step, forKey: "step")
        }
        object = try Python.call(Self.pythonClass, arguments: [start], keywords: keywords)
    }

    /// Calls `add(times=1)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func add(_ times: Int? = nil) throws -> Int {
        var keywords: [String: (any ConvertibleToPython)?] = [:]
        if let times {
            keywords.updateValue(times, forKey: "times")
        }
        return try Python.call(object.add, keywords: keywords).converted()
    }

    /// Calls `class_(import_)`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func `class`(_ importValue: String) throws -> String {
        try object.class_(importValue)
    }
}

extension Stations {
    /// An instance of the Python class `Source`.
    struct Source: PythonProtocolWrapper {
        /// What an object has that is taken for an instance.
        static let requirements: [PythonRequirement] = [.method("read")]

        /// The instance.
        let object: PythonObject

        /// Wraps an instance.
        init(object: PythonObject) {
            self.object = object
        }
    }
}

@PythonActor
extension Stations.Source {
    /// The Python class.
    static var pythonClass: PythonObject {
        get throws { try Python.import("stations").Source }
    }

    /// Calls `read()`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func read() throws -> String {
        try object.read()
    }
}

extension Stations {
    /// An instance of the Python class `Box`.
    struct Box: PythonProtocolWrapper {
        /// What an object has that is taken for an instance.
        static let requirements: [PythonRequirement] = [.method("get")]

        /// The instance.
        let object: PythonObject

        /// Wraps an instance.
        init(object: PythonObject) {
            self.object = object
        }
    }
}

@PythonActor
extension Stations.Box {
    /// The Python class.
    static var pythonClass: PythonObject {
        get throws { try Python.import("stations").Box }
    }

    /// Makes `stations.Box(content)`.
    ///
    /// Any object: `content`.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    init(content: any ConvertibleToPython) throws {
        object = try Self.pythonClass(content)
    }

    /// Calls `get()`.
    ///
    /// Any object: the result.
    ///
    /// - Throws: `PythonException` with what Python raises; `PythonConversionError`.
    func get() throws -> PythonObject {
        try object.get()
    }
}
