// The files of a script, as something that changes.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Notices when the files that a script is made of change, from when this was made.
struct ScriptFiles: Sendable {
    /// What tells versions of a file apart.
    private struct Version: Equatable {
        let size, inode: UInt64
        let seconds, nanoseconds: Int
    }

    /// Archives and what was fetched have no file that anyone edits; their copies stand for them.
    private let script: URL
    private let first: [String: Version]

    private static let interval = Duration.milliseconds(500)
    /// Files that name packages; others may be what the script itself writes.
    private static let needs: Set = ["pyproject.toml", "requirements.txt"]
    /// The most files that are looked at.
    private static let limit = 2000

    init(of script: ChatScript) {
        self.script = URL(filePath: script.filename)
        first = Self.versions(of: self.script)
    }

    /// Whether the files are others than when this was made.
    var haveChanged: Bool { Self.versions(of: script) != first }

    /// Returns when the files have changed and are at rest.
    ///
    /// - Returns: The first of those that have changed, as seen from the script's folder; nil if the
    ///   task was cancelled.
    func change() async -> String? {
        var last = first
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            let now = Self.versions(of: script)
            // An editor may replace the file in steps.
            if now != first, now == last, now[script.path] != nil {
                let changed = Set(now.keys).union(first.keys).filter { now[$0] != first[$0] }
                let folder = script.deletingLastPathComponent().path
                return changed.min().map { String($0.trimmingPrefix(folder + "/")) }
            }
            last = now
        }
        return nil
    }

    /// The script with all that lies beside and below it and may be imported, or names packages.
    private static func versions(of script: URL) -> [String: Version] {
        var versions = [script.path: version(of: script.path)].compactMapValues(\.self)
        var folders = [(script.deletingLastPathComponent().path, depth: 0)]
        var seen = 0
        while let (folder, depth) = folders.popLast(), seen < limit {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for name in names.prefix(limit) where !name.hasPrefix(".") {
                seen += 1
                let path = "\(folder)/\(name)"
                if name.hasSuffix(".py") || needs.contains(name) {
                    versions[path] = version(of: path)
                } else if depth < 3, !name.contains("."), name != "__pycache__" {
                    folders.append((path, depth + 1))
                }
            }
        }
        return versions
    }

    private static func version(of path: String) -> Version? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        #if canImport(Glibc)
            let time = status.st_mtim
        #else
            let time = status.st_mtimespec
        #endif
        return Version(
            size: UInt64(status.st_size),
            inode: UInt64(status.st_ino),
            seconds: time.tv_sec,
            nanoseconds: time.tv_nsec
        )
    }
}
