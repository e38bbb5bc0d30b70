// Where a user's files of this program are kept between runs.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
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

    /// The folder for what the program keeps: `$XDG_DATA_HOME/amaru`, else `~/.local/share/amaru`.
    ///
    /// - Parameter environment: The process's variables, read by the caller.
    /// - Returns: The folder, which need not exist.
    public static func data(in environment: [String: String]) -> URL {
        folder("XDG_DATA_HOME", ".local/share", environment)
    }

    /// The folder for what the program remembers of its use: `$XDG_STATE_HOME/amaru`, else
    /// `~/.local/state/amaru`.
    ///
    /// - Parameter environment: The process's variables, read by the caller.
    /// - Returns: The folder, which need not exist.
    public static func state(in environment: [String: String]) -> URL {
        folder("XDG_STATE_HOME", ".local/state", environment)
    }

    /// The user's home: `$HOME`, else what the system knows of.
    ///
    /// - Parameter environment: The process's variables, read by the caller.
    /// - Returns: The folder, which need not exist.
    public static func home(in environment: [String: String]) -> URL {
        let named = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return URL(filePath: named ?? entry, directoryHint: .isDirectory)
    }

    /// The home that the system knows of; not Foundation's, which trusts an empty HOME.
    private static var entry: String {
        var (user, found) = (passwd(), UnsafeMutablePointer<passwd>?.none)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 * 1024) { buffer in
            guard let start = buffer.baseAddress,
                getpwuid_r(getuid(), &user, start, buffer.count, &found) == 0, found != nil,
                let folder = user.pw_dir
            else { return "/" }
            return String(cString: folder)
        }
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
        return home(in: environment).appending(path: "\(standard)/amaru")
    }
}
