// Which Python this program is linked with, and which environments belong to it.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The CPython that this program is linked with; known without starting it.
public enum LinkedPython {
    /// The full version of the library, such as `3.11.2`.
    public static var version: String {
        let text = String(cString: Py_GetVersion())
        return String(text.prefix { $0 != " " })
    }

    /// Major and minor version, such as `3.11`.
    static var minorVersion: String { minorVersion(of: version) }

    private static func minorVersion(of version: String) -> String {
        let parts = version.split(separator: ".", maxSplits: 2)
        return parts.count < 2 ? version : "\(parts[0]).\(parts[1])"
    }

    /// The interpreter that was installed with the library.
    ///
    /// Found from where the library lies, never by PATH: another build of the same minor version
    /// would run its own standard library under this one.
    ///
    /// - Throws: ``AmaruError/Code/startFailed`` if that interpreter is missing.
    public static func interpreter() throws -> String {
        let library = try libraryPath()
        var folder = resolved(library)[...]
        for _ in 0..<4 {
            folder = parent(of: folder)
            let candidate = "\(folder)/bin/python\(minorVersion)"
            if access(candidate, X_OK) == 0 { return candidate }
        }
        throw AmaruError(
            .startFailed,
            "No python\(minorVersion) belongs to \(library): install it (python3, python3-venv)."
        )
    }

    /// The file of the library.
    ///
    /// - Throws: ``AmaruError/Code/startFailed`` if the system does not tell.
    package static func libraryPath() throws -> String {
        var information = amaru_dl_info()
        let symbol = dlsym(UnsafeMutableRawPointer(bitPattern: 0), "Py_GetVersion")
        guard let symbol, amaru_dladdr(symbol, &information) != 0, let name = information.file
        else {
            throw AmaruError(.startFailed, "The file of libpython\(minorVersion) is not known.")
        }
        return String(cString: name)
    }

    static func checkHeaders() throws {
        let built = minorVersion(of: String(cString: amaru_header_version()))
        guard built == minorVersion else {
            throw AmaruError(
                .startFailed,
                "Built for CPython \(built), but libpython\(minorVersion) was loaded: "
                    + "build again, or set the library path to that of \(built)."
            )
        }
    }

    /// The interpreter path that makes CPython find the environment, or its own installation.
    static func programName(environment: String?) throws -> String {
        guard let environment else { return try interpreter() }
        try checkEnvironment(environment)
        return environment + "/bin/python"
    }

    /// Refuses an environment that another Python made.
    ///
    /// CPython would start with it, without its packages and without a word.
    ///
    /// - Throws: ``AmaruError/Code/environmentMismatch``, naming both.
    public static func checkEnvironment(_ root: String) throws {
        let interpreter = try interpreter()
        guard access("\(root)/\(VirtualEnvironmentConfiguration.fileName)", R_OK) == 0 else {
            throw AmaruError(
                .environmentMismatch,
                "\(root) is not a virtual environment: it has no pyvenv.cfg. Make one with "
                    + "\(interpreter) -m venv \(root)"
            )
        }
        let found = VirtualEnvironmentConfiguration(root: root)
        let home = resolved(found?.home ?? "?")
        let ownHome = resolved(String(parent(of: interpreter[...])))
        guard let found, found.version == version, home == ownHome else {
            throw AmaruError(
                .environmentMismatch,
                "\(root) was made by Python \(found?.version ?? "?") in \(home), but this program "
                    + "is linked with Python \(version) in \(ownHome). Make it again with "
                    + "\(interpreter) -m venv --clear \(root)"
            )
        }
    }

    // MARK: Paths, without the cost of setting Foundation up

    /// The path without symbolic links; itself if there is nothing at it.
    private static func resolved(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }

    private static func parent(of path: Substring) -> Substring {
        path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
    }
}
