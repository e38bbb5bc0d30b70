// The files of a script, as something that changes.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Notices when the files that a script is made of change.
struct ScriptFiles: Sendable {
    /// What tells versions of a file apart.
    private struct Version: Equatable {
        let size, inode: UInt64
        let seconds, nanoseconds: Int
    }

    /// Archives and what was fetched have no file that anyone edits; their copies stand for them.
    private let script: URL

    private static let interval = Duration.milliseconds(500)
    /// The most files that are looked at.
    private static let limit = 2000

    init(of script: ChatScript) { self.script = URL(filePath: script.filename) }

    /// Returns when the files have changed and are at rest; also when the task is cancelled.
    func change() async {
        let first = versions
        var last = first
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            let now = versions
            // An editor may replace the file in steps.
            if now != first, now == last, now[script.path] != nil { return }
            last = now
        }
    }

    /// The script with all that lies beside and below it and may be imported, or names packages.
    private var versions: [String: Version] {
        var versions = [script.path: Self.version(of: script.path)].compactMapValues(\.self)
        var folders = [(script.deletingLastPathComponent().path, depth: 0)]
        var seen = 0
        while let (folder, depth) = folders.popLast(), seen < Self.limit {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for name in names.prefix(Self.limit) where !name.hasPrefix(".") {
                seen += 1
                let path = "\(folder)/\(name)"
                if [".py", ".toml", ".txt"].contains(where: name.hasSuffix) {
                    versions[path] = Self.version(of: path)
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
