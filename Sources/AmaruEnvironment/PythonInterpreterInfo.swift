// The Python interpreter that environments are made with.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

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

    /// The machine that it runs on, as in "Linux x86_64": others that share the user's folders have
    /// other binaries at the same path.
    var machine = Self.thisMachine

    private static let thisMachine: String = {
        var names = utsname()
        guard uname(&names) == 0 else { return "" }
        func text(_ field: some Any) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(names.sysname)) \(text(names.machine))"
    }()

    /// Creates a description; does not check the file system.
    public init(path: String, version: String) {
        self.path = path
        self.version = version
    }
}
