// Classes as members of modules.
// SPDX-License-Identifier: Apache-2.0

extension PythonClass {
    /// What it puts into the module.
    public var definition: PythonModuleDefinition {
        PythonModuleDefinition(stub: { stub }) { module in
            PythonObject(try ClassFactory.type(for: self, module: module, PythonGIL()))
        }
    }
}
