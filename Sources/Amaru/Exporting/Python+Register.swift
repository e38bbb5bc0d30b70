// Puts modules made in Swift where Python finds them.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension Python {
    /// Makes a module importable; one of the same name registered before is replaced.
    ///
    /// Code that has imported the earlier one keeps it. If a member is refused the module is not
    /// registered at all. A dotted name puts the module into a package, which is imported, or made
    /// if it does not exist.
    ///
    /// - Throws: ``AmaruError/Code/moduleExists`` if a module of that name came from elsewhere;
    ///   ``AmaruError/Code/invalidModule`` if two members have one name, or the module has none;
    ///   ``AmaruError/Code/invalidSignature`` where a function has parameters that no Python
    ///   function can have.
    public static func register(_ module: PythonModule) async throws {
        try await PythonActor.run { try registerNow(module) }
    }

    /// Makes a module importable, on the Python actor.
    ///
    /// - Throws: What ``register(_:)`` throws.
    @PythonActor
    public static func registerNow(_ module: PythonModule) throws {
        try register(module) { made in
            for member in module.members {
                try made.setAttribute(member.name, to: member.definition.make(module.name))
            }
        }
    }

    /// Makes a module importable that is described, and whose members are made, at a first look-up.
    ///
    /// So a start does not pay for what the program does not use. A member that is refused is an
    /// error of its look-up. The module is never collected.
    ///
    /// - Parameters:
    ///   - name: The name under which it is imported; without a dot.
    ///   - describe: Describes it, with that name; called once, under a lock, and calls no Python.
    /// - Throws: ``AmaruError/Code/moduleExists``.
    /// - Note: https://docs.python.org/3/reference/datamodel.html#customizing-module-attribute-access
    @PythonActor
    package static func registerByNeed(
        _ name: String,
        describing describe: @escaping @Sendable () -> PythonModule
    ) throws {
        let description = Lock<PythonModule?>(nil)
        let described: @Sendable () -> PythonModule = {
            description.withLock { description in
                let module = description ?? describe()
                description = module
                return module
            }
        }
        try register(PythonModule(name) {}) { made in
            let find = try NativeFunction.make("__getattr__") { arguments, _, gil in
                let wanted = try String.fromPython(BorrowedReference(arguments[0]), gil)
                let module = described()
                let object = try PythonActor.runBlocking {
                    let object = try module.member(wanted)
                    if let object { try made.setAttribute(wanted, to: object) }
                    return object
                }
                guard let object else {
                    let text = "module '\(name)' has no attribute '\(wanted)'"
                    throw PendingPythonError(amaru_AttributeError(), text)
                }
                return OwnedReference(borrowed: object.pointer)
            }
            try made.setAttribute("__getattr__", to: find)
            let list = try NativeFunction.make("__dir__") { _, _, gil in
                try described().members.map(\.name).pythonReference(gil)
            }
            try made.setAttribute("__dir__", to: list)
        }
    }

    @PythonActor
    private static func register(
        _ module: PythonModule,
        filling fill: @PythonActor (PythonObject) throws -> Void
    ) throws {
        try Interpreter.requireRunning()
        try module.checkNames()
        let modules = PythonObject(OwnedReference(borrowed: PyImport_GetModuleDict()))
        if try Python.contains(modules, module.name) {
            let existing = try modules[module.name]
            guard try existing.hasAttribute("__swift__") else {
                throw AmaruError(
                    .moduleExists,
                    "A module \(module.name) is loaded already: choose another name."
                )
            }
        }
        let made = try make(module.name)
        try made.setAttribute("__doc__", to: module.documentation)
        try fill(made)
        try add(made, named: module.name, to: modules)
    }

    @PythonActor
    private static func make(_ name: String) throws -> PythonObject {
        let made = PythonObject(try OwnedReference(new: PyModule_New(name)))
        try made.setAttribute("__swift__", to: true)
        return made
    }

    /// Makes a module findable by its name, in `sys.modules` and in its package.
    @PythonActor
    private static func add(
        _ made: PythonObject,
        named name: String,
        to modules: PythonObject
    ) throws {
        if try Python.contains(modules, name) {
            // What is in the package that was made for it stays there.
            let former: PythonObject = try modules[name]
            for key in try [String](Python.builtin("dir")(former) as PythonObject)
            where try Python.contains(modules, "\(name).\(key)") {
                try made.setAttribute(key, to: modules["\(name).\(key)"] as PythonObject)
            }
        }
        if let dot = name.lastIndex(of: ".") {
            let package = String(name[..<dot])
            try self.package(package, modules)
                .setAttribute(String(name[name.index(after: dot)...]), to: made)
        }
        try modules.setItem(name, to: made)
    }

    /// Returns the package of a name, which is imported, or made if it does not exist.
    @PythonActor
    private static func package(_ name: String, _ modules: PythonObject) throws -> PythonObject {
        if let dot = name.lastIndex(of: ".") { _ = try package(String(name[..<dot]), modules) }
        do {
            return try Python.import("importlib").import_module(name)
        } catch let error as PythonException
            where error.matches(.moduleNotFoundError)
            && error.message.hasPrefix("No module named '\(name)'")
        {
            let made = try make(name)
            try made.setAttribute("__path__", to: [String]())
            try add(made, named: name, to: modules)
            return made
        }
    }
}

extension PythonModule {
    /// Makes what an attribute of a module that is filled by need is; nil if it has none.
    @PythonActor
    fileprivate func member(_ name: String) throws -> PythonObject? {
        if name == "__all__" { return try PythonObject(members.map(\.name)) }
        return try members.first { $0.name == name }?.definition.make(self.name)
    }

    /// - Throws: ``AmaruError/Code/invalidModule``.
    fileprivate func checkNames() throws {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard !parts.contains(""), !name.utf8.contains(0) else {
            throw AmaruError(.invalidModule, "A module needs a name that Python can import.")
        }
        var seen: Set<String> = []
        for member in members where !seen.insert(member.name).inserted {
            throw AmaruError(
                .invalidModule,
                "The module \(name) has two members named \(member.name): rename one."
            )
        }
    }
}
