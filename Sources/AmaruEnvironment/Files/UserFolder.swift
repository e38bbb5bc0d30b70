// Where a user's files of this program are kept between runs.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The program's folders in a user's home, as the
/// [XDG rules](https://specifications.freedesktop.org/basedir-spec/latest/) place them.
///
/// ```swift
/// let builder = EnvironmentBuilder(
///     cacheFolder: UserFolder.cache(in: variables), environment: variables)
/// ```
public enum UserFolder {
    /// The folder for what can be downloaded again.
    ///
    /// `$XDG_CACHE_HOME/amaru`, else `~/.cache/amaru`; on macOS `~/Library/Caches/amaru`.
    ///
    /// - Parameter environment: The process's variables, read by the caller.
    /// - Returns: The folder, which need not exist.
    public static func cache(in environment: [String: String]) -> URL {
        #if os(macOS)
            folder("XDG_CACHE_HOME", "Library/Caches", environment)
        #else
            folder("XDG_CACHE_HOME", ".cache", environment)
        #endif
    }

    /// The folder for what the user writes: `$XDG_CONFIG_HOME/amaru`, else `~/.config/amaru`.
    ///
    /// - Parameter environment: The process's variables, read by the caller.
    /// - Returns: The folder, which need not exist.
    public static func config(in environment: [String: String]) -> URL {
        folder("XDG_CONFIG_HOME", ".config", environment)
    }

    /// Ignores a relative path in the variable, as the specification says.
    private static func folder(
        _ variable: String,
        _ standard: String,
        _ environment: [String: String]
    ) -> URL {
        if let path = environment[variable], path.hasPrefix("/") {
            return URL(filePath: path, directoryHint: .isDirectory).appending(path: "amaru")
        }
        let home =
            environment["HOME"].map { URL(filePath: $0, directoryHint: .isDirectory) }
            ?? FileManager.default.homeDirectoryForCurrentUser
        return home.appending(path: "\(standard)/amaru")
    }
}
