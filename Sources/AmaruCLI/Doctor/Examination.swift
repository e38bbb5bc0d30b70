// Looks at what a chat needs of this machine, one part after another.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruHTTP
import AmaruPython

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The parts that need no server.
struct Examination {
    let variables: [String: String]
    let settings: UserSettings

    // MARK: Python

    /// Whether the interpreter is there, and Python starts in this program.
    func python() async -> Finding {
        do {
            let path = try LinkedPython.interpreter()
            try await PluginsCommand.startPython()
            let answer: Int = try await PythonActor.run {
                _ = try Python.import("tomllib")
                return try Python.eval("6 * 7").converted()
            }
            guard answer == 42 else {
                return .failed("python", "\(path) does not compute", "install it again")
            }
            return .ok("python", "\(LinkedPython.version), \(path)")
        } catch {
            return .failed(
                "python",
                "\(error)",
                "install Python \(LinkedPython.version) with its standard library and venv"
            )
        }
    }

    /// The library that this program is linked with.
    func library() -> Finding {
        do {
            return .ok("libpython", try LinkedPython.libraryPath())
        } catch {
            return .failed("libpython", "\(error)", "set LD_LIBRARY_PATH to its folder")
        }
    }

    /// Whether environments can be made.
    func environments() -> Finding {
        let builder = EnvironmentBuilder(
            cacheFolder: settings.cacheFolder,
            environment: variables
        )
        let probe = settings.cacheFolder.appending(path: "doctor")
        do {
            try PrivateFile.write([], to: probe)
            unlink(probe.path)
        } catch {
            return .failed(
                "environments",
                "\(error)",
                "make that folder writable, or set XDG_CACHE_HOME to another one"
            )
        }
        let count = Finding.count(builder.cached.count, "environment")
        return .ok("environments", "\(settings.cacheFolder.path), \(count)")
    }

    // MARK: The network

    /// Where the authorities are that TLS trusts.
    func authorities() -> Finding {
        let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].filter { variables[$0]?.isEmpty == false }
        for name in named {
            let paths = (variables[name] ?? "").split(separator: ":").map(String.init)
            guard let bad = paths.first(where: { access($0, R_OK) != 0 }) else { continue }
            let reason = String(cString: strerror(errno))
            return .failed(
                "authorities",
                "\(name): \(bad): \(reason)",
                "correct the variable, or unset it for the system's authorities"
            )
        }
        if !named.isEmpty {
            let values = named.map { "\($0)=\(variables[$0] ?? "")" }
            return .ok("authorities", values.joined(separator: ", "))
        }
        #if os(macOS)
            return .ok("authorities", "the system's")
        #else
            let files = [
                "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                "/etc/ssl/cert.pem", "/etc/ssl/certs",
            ]
            if let found = files.first(where: { access($0, R_OK) == 0 }) {
                return .ok("authorities", found)
            }
            return .failed(
                "authorities",
                "this system has no file of authorities",
                "install ca-certificates, or set SSL_CERT_FILE"
            )
        #endif
    }

    /// The proxies, as the variables name them, without a password.
    func proxy() -> Finding {
        let names = ["http_proxy", "https_proxy", "all_proxy"]
        let set = variables.filter { names.contains($0.key.lowercased()) && !$0.value.isEmpty }
        if set.isEmpty { return .ok("proxy", "none") }
        do {
            _ = try HTTPBackendConfiguration(environment: variables)
        } catch {
            return .failed(
                "proxy",
                error.message,
                "write it as http://HOST:PORT, or unset the variable"
            )
        }
        let shown = set.sorted { $0.key < $1.key }.map { name, value in
            "\(name)=\(value.replacing(/\/\/[^\/@]*@/, with: "//…@"))"
        }
        return .ok("proxy", shown.joined(separator: ", "))
    }

    // MARK: The terminal

    /// What the terminal can show.
    func terminal() -> Finding {
        guard isatty(STDOUT_FILENO) == 1 else {
            return .ok("terminal", "standard output is not a terminal: answers are plain text")
        }
        var size = winsize()
        _ = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size)
        let kind = variables["TERM"] ?? ""
        let depth = variables["COLORTERM"].map { ", \($0)" } ?? ""
        let detail = "\(kind), \(size.ws_col)×\(size.ws_row)\(depth)"
        let names = ["LC_ALL", "LC_CTYPE", "LANG"]
        let locale = names.compactMap { variables[$0] }.first { !$0.isEmpty } ?? ""
        let plain = locale.lowercased().replacing("-", with: "")
        guard plain.contains("utf8") else {
            return .warning(
                "terminal",
                "\(detail), locale \(locale.isEmpty ? "not set" : locale)",
                "set LANG to one of UTF-8, such as C.UTF-8"
            )
        }
        if ScreenStyle.isDumb(variables) {
            return .warning("terminal", detail, "set TERM for colours and editing")
        }
        if size.ws_col == 0 {
            return .warning("terminal", detail, "stty columns 80 rows 24 says how large it is")
        }
        let colours = variables["NO_COLOR"]?.isEmpty == false ? ", no colours (NO_COLOR)" : ""
        return .ok("terminal", "\(detail), UTF-8\(colours)")
    }

    /// Whether code in answers gets its colours.
    func highlighting() -> Finding {
        let check = "highlighting"
        if settings.file.known?.highlight == .off { return .ok(check, "off, by the configuration") }
        let builder = EnvironmentBuilder(
            cacheFolder: settings.cacheFolder,
            environment: variables
        )
        let environment = HighlightEnvironment(builder: builder)
        if let found = try? environment.existing() {
            return .ok(check, "Pygments in \(found.root.path)")
        }
        guard let failure = environment.failure else {
            return .ok(check, "Pygments is installed when an answer first has code")
        }
        return .warning(
            check,
            "Pygments could not be installed: \(failure.reason)",
            "remove \(environment.note.path) to try again, or set highlight = false"
        )
    }

    // MARK: The settings

    /// Whether the file of settings can be used.
    func configuration() async -> Finding {
        do {
            guard let found = try await settings.file.read() else {
                return .ok("configuration", "none; \(settings.path) would be it")
            }
            let providers = Finding.count(found.providers.count, "provider")
            let names = [providers] + found.aliases.keys.sorted().map { "alias \($0)" }.prefix(5)
            return .ok("configuration", "\(settings.path), \(names.joined(separator: ", "))")
        } catch let error as SettingsError {
            return .failed("configuration", "\(error)", "amaru config edit")
        } catch {
            return .failed("configuration", "\(error)", "amaru config check")
        }
    }
}
