// How much of a file an installer has fetched.
// SPDX-License-Identifier: Apache-2.0

import Amaru

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reports the growth of what an installer downloads.
///
/// Only newer versions of pip can say it themselves, and uv to a terminal alone. With every pip the
/// file grows under its own name in the temporary folder; uv unpacks wheels while they come.
final class DownloadWatch: Sendable {
    /// A file that is being fetched.
    struct Download: Equatable {
        var name: String
        var bytes: Double
        /// Whether it is unpacked while it comes, so that no file has its name.
        var isUnpacked = false

        /// Reads pip's line `Downloading https://…/a.whl (12.3 MB)`, or uv's
        /// `Downloading a (12.3MiB)`; nil for others and for files that are there in no time.
        init?(line: String) {
            let units = ["MB)": 1e6, "MiB)": 0x1p20, "GiB)": 0x1p30]
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count == 3, words[0] == "Downloading",
                let unit = units.first(where: { words[2].hasSuffix($0.key) }),
                let size = Double(words[2].dropFirst().dropLast(unit.key.count).trimmed), size > 0,
                let name = words[1].split(separator: "/").last
            else { return nil }
            self.name = String(name)
            bytes = size * unit.value
            isUnpacked = unit.key != "MB)"
        }

        /// How much of it is there, in tenths.
        ///
        /// - `files`: The files where it grows.
        /// - `others`: How large those were before.
        func progress(among files: [String: Int], others: Int) -> String? {
            let file = files.first { $0.key.hasSuffix("/" + name) }
            let grown = isUnpacked ? files.values.reduce(0, +) - others : file?.value ?? 0
            let tenths = Int(min(Double(grown) / bytes * 10, 1e6))
            guard tenths > 0 else { return nil }
            // What is unpacked may be many times as large.
            if isUnpacked { return "  \(Int(Double(tenths) * bytes / 1e7)) MB unpacked" }
            return tenths < 10 ? "  \(tenths)0 % of \(name)" : nil
        }
    }

    private let current = Lock<Download?>(nil)
    private let task = Lock<Task<Void, Never>?>(nil)

    /// Starts to watch; whatever is there already is no part of a download.
    ///
    /// - `folders`: Where the files grow, asked each time.
    init(
        in folders: @escaping @Sendable () -> [URL],
        progress: @escaping @Sendable (String) -> Void
    ) {
        @Sendable func files() -> [String: Int] {
            Dictionary(folders().flatMap { sizes(below: $0) }) { max($0, $1) }
        }
        let others = files().values.reduce(0, +)
        let watching = Task.detached { [self] in
            var reported: String?
            while true {
                do { try await Task.sleep(for: .milliseconds(500)) } catch { return }
                guard let download = current.withLock(\.self),
                    let text = download.progress(among: files(), others: others),
                    text != reported
                else { continue }
                reported = text
                progress(text)
            }
        }
        task.withLock { $0 = watching }
    }

    /// Notes what the installer says.
    func note(_ line: String) {
        // uv fetches several at once; whatever pip says next, it has fetched the file before.
        if line.trimmed.hasPrefix("Downloaded ") { return }
        current.withLock { $0 = Download(line: line) }
    }

    /// Watches no longer.
    func end() { task.withLock(\.self)?.cancel() }
}
