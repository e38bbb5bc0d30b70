// Which Python this program is linked with, and which environments belong to it.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython
internal import Foundation

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
    static var minorVersion: String {
        version.split(separator: ".").prefix(2).joined(separator: ".")
    }

    /// The interpreter that was installed with the library.
    ///
    /// Found from where the library lies, never by PATH: another build of the same minor version
    /// would run its own standard library under this one.
    ///
    /// - Throws: ``AmaruError/Code/startFailed`` where there is none.
    public static func interpreter() throws -> String {
        let library = try libraryPath()
        var folder = URL(fileURLWithPath: library).resolvingSymlinksInPath()
        for _ in 0..<4 {
            folder.deleteLastPathComponent()
            let candidate = folder.appending(path: "bin/python\(minorVersion)").path
            if access(candidate, X_OK) == 0 { return candidate }
        }
        throw AmaruError(
            .startFailed,
            "No python\(minorVersion) belongs to \(library): install it (python3, python3-venv)."
        )
    }

    private static func libraryPath() throws -> String {
        var information = amaru_dl_info()
        let symbol = dlsym(UnsafeMutableRawPointer(bitPattern: 0), "Py_GetVersion")
        guard let symbol, amaru_dladdr(symbol, &information) != 0, let name = information.file
        else {
            throw AmaruError(.startFailed, "The file of libpython\(minorVersion) is not known.")
        }
        return String(cString: name)
    }

    static func checkHeaders() throws {
        let headers = String(cString: amaru_header_version())
        let built = headers.split(separator: ".").prefix(2).joined(separator: ".")
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
        let file = root + "/pyvenv.cfg"
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw AmaruError(
                .environmentMismatch,
                "\(root) is no virtual environment: it has no pyvenv.cfg. Make one with "
                    + "\(try interpreter()) -m venv \(root)"
            )
        }
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let sign = line.firstIndex(of: "=") else { continue }
            let key = line[..<sign].trimmingCharacters(in: .whitespaces).lowercased()
            values[key] = line[line.index(after: sign)...].trimmingCharacters(in: .whitespaces)
        }
        let found = values["version_info"] ?? values["version"] ?? "?"
        // uv writes 3.11.2.final.0 or 3.11.2, the standard library 3.11.2.
        let foundVersion = found.split(separator: ".").prefix(3).joined(separator: ".")
        let home = URL(fileURLWithPath: values["home"] ?? "?").resolvingSymlinksInPath().path
        let ownHome = URL(fileURLWithPath: try interpreter()).deletingLastPathComponent()
            .resolvingSymlinksInPath().path
        guard foundVersion == version, home == ownHome else {
            throw AmaruError(
                .environmentMismatch,
                "\(root) was made by Python \(foundVersion) in \(home), but this program is linked "
                    + "with Python \(version) in \(ownHome). Make it again with "
                    + "\(try interpreter()) -m venv --clear \(root)"
            )
        }
    }
}
