// Where the Python files of the program are at run time.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

#if canImport(Darwin)
    import Darwin
#endif

/// The Python files that belong to the program: the package `amaru`, the compat packages and the
/// chat script that runs when none is named.
public struct PythonResources: Sendable, Hashable {
    /// The folder that holds the package `amaru`; on `sys.path`.
    public let root: URL

    /// The folder of the compat packages, such as `pyodide`; on `sys.path` for scripts.
    public var compat: URL { root.appending(path: "compat") }

    /// The chat script that runs when none is named.
    public var mainScript: URL { root.appending(path: "main.py") }

    /// Finds the files near the executable.
    ///
    /// They are looked for beside it, as the build leaves them, and in `../share/amaru`, as an
    /// installation does. `Bundle.module` is not used: it knows the build folder only, and traps
    /// where that is gone.
    ///
    /// - Parameter executable: The path of the running program, symbolic links resolved.
    /// - Throws: ``NotFound``, with every place that was looked at.
    public init(besides executable: URL) throws(NotFound) {
        let folder = executable.deletingLastPathComponent()
        let candidates = [
            folder.appending(path: "amaru_AmaruPython.resources"),
            folder.appending(path: "amaru_AmaruPython.bundle"),
            folder.deletingLastPathComponent().appending(path: "share/amaru"),
        ]
        let found = candidates.first { candidate in
            FileManager.default.fileExists(
                atPath: candidate.appending(path: "amaru/__init__.py").path
            )
        }
        guard let found else { throw NotFound(places: candidates.map(\.path)) }
        root = found
    }

    /// Finds the files near the running program, wherever it was moved or linked to.
    ///
    /// - Throws: ``NotFound``, with every place that was looked at.
    public init() throws(NotFound) {
        try self.init(besides: Self.program.resolvingSymlinksInPath())
    }

    /// The path of the running program, as the system knows it.
    private static var program: URL {
        #if os(Linux)
            return URL(filePath: "/proc/self/exe")
        #else
            var size: UInt32 = 0
            _ = _NSGetExecutablePath(nil, &size)
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(size)) { buffer in
                _ = _NSGetExecutablePath(buffer.baseAddress, &size)
                return URL(filePath: buffer.baseAddress.map { String(cString: $0) } ?? "")
            }
        #endif
    }

    /// The Python files are in none of the places where they belong.
    public struct NotFound: Error, Sendable, CustomStringConvertible {
        /// The folders that were looked at.
        public let places: [String]

        /// What is missing, and what to do.
        public var description: String {
            """
            The Python files of amaru were found in none of: \(places.joined(separator: ", ")). \
            Copy the folder amaru_AmaruPython.resources together with the program.
            """
        }
    }
}
