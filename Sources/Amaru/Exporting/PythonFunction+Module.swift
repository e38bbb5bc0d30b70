// Functions as members of modules.
// SPDX-License-Identifier: Apache-2.0

extension PythonFunction: PythonModule.Member {
    /// What it puts into the module.
    public var definition: PythonModuleDefinition {
        PythonModuleDefinition(stub: { signature.stub(documentation) }) { module in
            try NativeFunction.make(self, module: module, PythonGIL())
        }
    }
}
