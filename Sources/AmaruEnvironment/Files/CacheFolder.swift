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
        let home =
            environment["HOME"].map { URL(filePath: $0, directoryHint: .isDirectory) }
            ?? FileManager.default.homeDirectoryForCurrentUser
        if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
            return URL(filePath: path, directoryHint: .isDirectory).appending(path: "amaru")
        }
        #if os(macOS)
            return home.appending(path: "Library/Caches/amaru")
        #else
            return home.appending(path: ".cache/amaru")
        #endif
    }
}
