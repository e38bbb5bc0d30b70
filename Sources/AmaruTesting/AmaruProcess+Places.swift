// Where the built command is, and what surrounds its runs.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension AmaruProcess {
    private final class Marker {}

    /// The folder of the build's products: this test's own.
    package static let products: URL = {
        #if os(Linux)
            URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        #else
            Bundle(for: Marker.self).bundleURL.deletingLastPathComponent()
        #endif
    }()

    /// The built command.
    package static let command = products.appending(path: "amaru").path

    /// The folder name of the Python files beside the command.
    package static let resources = "amaru_AmaruPython.resources"

    /// The cache that all tests share: environments take a while to install.
    package static let cache: String = {
        let own = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"]
        if let own, own.hasPrefix("/") { return own }
        let folder = FileManager.default.temporaryDirectory
        return folder.appending(path: "amaru-test-cache-\(getuid())").path
    }()

    /// Variables that say where programs are, and how this machine reaches the package registry.
    private static let inherited = ["PATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE"]

    /// The variables of a run: the tester's keys, plugins and settings stay out of it.
    package static func variables(_ folder: TemporaryFolder) -> [String: String] {
        var variables = ProcessInfo.processInfo.environment.filter { name, _ in
            inherited.contains(name) || name.hasPrefix("PIP_") || name.hasPrefix("UV_")
                || name.lowercased().hasSuffix("_proxy")
        }
        variables["NO_PROXY"] = "127.0.0.1,localhost"
        variables["LC_ALL"] = "C.UTF-8"
        variables["TERM"] = "xterm"
        variables["HOME"] = folder.path
        variables["XDG_CONFIG_HOME"] = folder.url.appending(path: "config").path
        variables["XDG_CACHE_HOME"] = cache
        return variables
    }
}
