// A virtual environment that is complete and matches its interpreter.
// SPDX-License-Identifier: Apache-2.0

import Amaru

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A virtual environment, ready for use.
///
/// ```swift
/// let environment = PythonEnvironment(root: URL(filePath: "/home/me/project/.venv"))
/// print(environment.executable.path)  // /home/me/project/.venv/bin/python
/// ```
public struct PythonEnvironment: Sendable, Hashable {
    /// The environment's folder.
    public let root: URL

    /// Names an environment that exists.
    ///
    /// `LinkedPython.checkEnvironment` checks whether this program can use it.
    public init(root: URL) { self.root = root }

    /// The environment's Python: a program to start, and the embedded interpreter's program name.
    public var executable: URL { root.appending(path: "bin/python") }

    /// The folder of the environment's packages.
    func sitePackages(of interpreter: PythonInterpreterInfo) -> URL {
        let minor = interpreter.version.split(separator: ".").prefix(2).joined(separator: ".")
        return root.appending(path: "lib/python\(minor)/site-packages")
    }

    /// The program of its pip that installs for whichever interpreter runs it.
    ///
    /// Nil if it is not there.
    var pipRunner: String? {
        let lib = root.appending(path: "lib").path
        let minors = (try? FileManager.default.contentsOfDirectory(atPath: lib)) ?? []
        return minors.map { "\(lib)/\($0)/site-packages/pip/__pip-runner__.py" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }

    /// The end of the name of the file that is written last: with it, an environment is complete.
    static let markerSuffix = ".complete"

    /// That file, beside the environment's folder.
    var marker: URL { Self.marker(of: root) }

    /// The file that says that the environment in a folder is complete, and what it was made of.
    static func marker(of root: URL) -> URL {
        URL(filePath: root.path + markerSuffix, directoryHint: .notDirectory)
    }

    /// Accepts a folder only if it has the marker and its `pyvenv.cfg` names this interpreter.
    init?(completeAt root: URL, for interpreter: PythonInterpreterInfo) {
        self.root = root
        guard
            FileManager.default.fileExists(atPath: marker.path),
            FileManager.default.isExecutableFile(atPath: executable.path),
            VirtualEnvironmentConfiguration(root: root.path)?.belongs(to: interpreter) == true,
            CacheUse.begin(marker.path)
        else { return nil }
    }
}

extension VirtualEnvironmentConfiguration {
    /// Whether the environment was made with this interpreter, in the same version.
    func belongs(to interpreter: PythonInterpreterInfo) -> Bool {
        guard version == interpreter.version else { return false }
        let path = URL(filePath: interpreter.path)
        let homes = [path, path.resolvingSymlinksInPath()].map { $0.deletingLastPathComponent() }
        let home = URL(filePath: home).resolvingSymlinksInPath().path
        return homes.contains { $0.resolvingSymlinksInPath().path == home }
    }
}
