// An exception class that a Swift module declares.
// SPDX-License-Identifier: Apache-2.0

/// An exception class that a module declares, to be raised by ``PythonExceptionConvertible``.
public struct PythonExceptionClass: PythonModule.Member {
    /// The name of the class.
    public let name: String
    let documentation: String
    let attributes: [String]

    /// Creates a class derived from `Exception`.
    ///
    /// - Parameters:
    ///   - name: Its name in the module.
    ///   - documentation: Its docstring.
    ///   - attributes: Names under which its arguments can be read, in order.
    public init(_ name: String, documentation: String, attributes: [String] = []) {
        self.name = name
        self.documentation = documentation
        self.attributes = attributes
    }

    /// What it puts into the module.
    public var definition: PythonModuleDefinition {
        PythonModuleDefinition(stub: { stub }) { module in
            PythonObject(
                try Runtime.call(
                    "make_exception_class",
                    [module, name, documentation, attributes],
                    PythonGIL()
                )
            )
        }
    }

    private var stub: [String] {
        let properties = attributes.flatMap { name in
            ["@property", "def \(name)(self) -> typing.Any: ..."]
        }
        return StubText.block("class \(name)(Exception)", documentation, properties)
    }
}
