// How much of a file an installer has fetched.
// SPDX-License-Identifier: Apache-2.0

import Amaru

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reports the growth of what pip downloads.
///
/// Only newer versions of pip can say it themselves; in all of them the file grows under its own
/// name in the temporary folder.
final class DownloadWatch: Sendable {
    /// A file that is being fetched.
    struct Download: Equatable {
        var name: String
        var bytes: Double

        /// Reads pip's line `Downloading https://…/a.whl (12.3 MB)`; nil for others and for files
        /// that are there in no time.
        init?(line: String) {
            let words = line.split(separator: " ")
            guard words.count == 4, words[0] == "Downloading", words[3] == "MB)",
                let size = Double(words[2].dropFirst()), size > 0,
                let name = words[1].split(separator: "/").last
            else { return nil }
            self.name = String(name)
            bytes = size * 1e6
        }
    }

    private let current = Lock<Download?>(nil)
    private let task = Lock<Task<Void, Never>?>(nil)

    /// Starts to watch a folder.
    init(in folder: URL, progress: @escaping @Sendable (String) -> Void) {
        let watching = Task.detached { [self] in
            var reported = (name: "", tenths: 0)
            while true {
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
                guard let download = current.withLock(\.self) else { continue }
                if download.name != reported.name { reported = (download.name, 0) }
                let file = sizes(below: folder).first { $0.key.hasSuffix("/" + download.name) }
                let tenths = Int(Double(file?.value ?? 0) / download.bytes * 10)
                guard tenths > reported.tenths, tenths < 10 else { continue }
                reported.tenths = tenths
                progress("  \(tenths)0 % of \(download.name)")
            }
        }
        task.withLock { $0 = watching }
    }

    /// Notes what the installer says.
    func note(_ line: String) {
        // Whatever it says next, it has fetched the file before.
        current.withLock { $0 = Download(line: line) }
    }

    /// Watches no longer.
    func end() { task.withLock(\.self)?.cancel() }
}
