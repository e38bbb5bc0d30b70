// The Python interpreter that environments are made with.
// SPDX-License-Identifier: Apache-2.0

/// An interpreter by path and full version.
///
/// Always the one that belongs to the linked libpython, never the one that PATH finds: a standard
/// library of another patch version runs at first and fails later.
public struct PythonInterpreterInfo: Sendable, Hashable {
    /// The absolute path of the base interpreter's executable.
    public var path: String

    /// The full version, as in "3.11.2".
    public var version: String

    /// Creates a description; nothing is looked up.
    public init(path: String, version: String) {
        self.path = path
        self.version = version
    }
}
