// A virtual environment that is complete and matches its interpreter.
// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// A virtual environment, ready for use.
public struct PythonEnvironment: Sendable, Hashable {
    /// The environment's folder.
    public let root: URL

    /// Names an environment that exists; `LinkedPython.checkEnvironment` tells whether it fits.
    public init(root: URL) { self.root = root }

    /// The environment's Python, to start or to give to the embedded interpreter as program name.
    public var executable: URL { root.appending(path: "bin/python") }

    /// The file that says, last of all, that an environment is complete.
    static let markerName = "amaru-complete"

    /// Accepts a folder only if its marker is there and `pyvenv.cfg` names this interpreter.
    init?(completeAt root: URL, for interpreter: PythonInterpreterInfo) {
        self.root = root
        let marker = root.appending(path: Self.markerName)
        guard
            FileManager.default.fileExists(atPath: marker.path),
            FileManager.default.isExecutableFile(atPath: executable.path),
            VirtualEnvironmentConfiguration(folder: root)?.belongs(to: interpreter) == true
        else { return nil }
    }
}

/// What an environment's `pyvenv.cfg` says about its interpreter.
struct VirtualEnvironmentConfiguration {
    /// The folder of the base interpreter.
    let home: String

    /// The base interpreter's full version.
    let version: String

    /// Reads `pyvenv.cfg`; nil if it is missing or names no interpreter.
    init?(folder: URL) {
        let file = folder.appending(path: "pyvenv.cfg")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let key = parts[0].trimmingCharacters(in: .whitespaces).lowercased()
            values[key] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        // venv writes `version`, uv and virtualenv write `version_info`.
        guard let home = values["home"], let version = values["version"] ?? values["version_info"]
        else { return nil }
        self.home = home
        self.version = version
    }

    /// Whether the environment was made with this interpreter in this very version.
    func belongs(to interpreter: PythonInterpreterInfo) -> Bool {
        // virtualenv writes "3.11.2.final.0".
        guard version == interpreter.version || version.hasPrefix(interpreter.version + ".")
        else { return false }
        let path = URL(filePath: interpreter.path)
        let homes = [path, path.resolvingSymlinksInPath()].map { $0.deletingLastPathComponent() }
        let home = URL(filePath: home).resolvingSymlinksInPath().path
        return homes.contains { $0.resolvingSymlinksInPath().path == home }
    }
}
