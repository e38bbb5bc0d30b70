// Puts modules made in Swift where Python finds them.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension Python {
    /// Makes a module importable; one of the same name registered before is replaced.
    ///
    /// Code that has imported the earlier one keeps it. Where a member is refused the module is
    /// not registered at all.
    ///
    /// - Throws: ``AmaruError/Code/moduleExists`` where a module of that name came from elsewhere;
    ///   ``AmaruError/Code/invalidModule`` where two members have one name;
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
        let made = PythonObject(try OwnedReference(new: PyModule_New(module.name)))
        try made.setAttribute("__doc__", to: module.documentation)
        try made.setAttribute("__swift__", to: true)
        for member in module.members {
            try made.setAttribute(member.name, to: member.definition.make(module.name))
        }
        try modules.setItem(module.name, to: made)
    }
}

extension PythonModule {
    /// - Throws: ``AmaruError/Code/invalidModule``.
    fileprivate func checkNames() throws {
        guard !name.isEmpty, !name.utf8.contains(0) else {
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
