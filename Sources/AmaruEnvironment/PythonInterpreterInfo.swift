// The Python interpreter that environments are made with.
// SPDX-License-Identifier: Apache-2.0

/// An interpreter by path and full version.
///
/// Use the one that belongs to the linked libpython, not the first on PATH: with the standard
/// library of another patch version, programs start and fail later.
///
/// ```swift
/// let interpreter = PythonInterpreterInfo(
///     path: try LinkedPython.interpreter(), version: LinkedPython.version)
/// ```
public struct PythonInterpreterInfo: Sendable, Hashable {
    /// The absolute path of the base interpreter's executable.
    public var path: String

    /// The full version, as in "3.11.2".
    public var version: String

    /// Creates a description; does not check the file system.
    public init(path: String, version: String) {
        self.path = path
        self.version = version
    }
}
