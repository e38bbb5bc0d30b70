// Where packages and models are kept between runs.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The folder for what can be fetched again.
public enum CacheFolder {
    /// The folder that the platform's rules give, from variables that the caller read.
    ///
    /// `$XDG_CACHE_HOME/amaru`, else `~/.cache/amaru`; on macOS `~/Library/Caches/amaru`. A
    /// relative `XDG_CACHE_HOME` is ignored, as its specification says.
    public static func standard(environment: [String: String]) -> URL {
        #if os(macOS)
            let standard = "Library/Caches"
        #else
            let standard = ".cache"
        #endif
        return base("XDG_CACHE_HOME", standard, environment: environment).appending(path: "amaru")
    }

    /// A base folder of the user: the one that a variable names, else one in the home folder.
    package static func base(
        _ variable: String,
        _ standard: String,
        environment: [String: String]
    ) -> URL {
        if let path = environment[variable], path.hasPrefix("/") {
            return URL(filePath: path, directoryHint: .isDirectory)
        }
        let home =
            environment["HOME"].map { URL(filePath: $0, directoryHint: .isDirectory) }
            ?? FileManager.default.homeDirectoryForCurrentUser
        return home.appending(path: standard)
    }
}
