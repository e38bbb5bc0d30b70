// A file or folder of the cache, filled by one process at a time.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A file or folder of the cache that is complete or counts as missing.
///
/// Processes that want the same entry take turns. A half-made one is removed by the process that
/// failed; if a signal ended it, by a shell that outlives it; if that was killed too (the machine
/// stopped), by the next process that fills any entry of the same folder.
struct CacheEntry: Sendable {
    /// The folder of all entries of a kind.
    let folder: URL

    /// The entry's name in `folder`.
    let name: String

    /// The end of the name of the file beside the entry that is written last; nil if the entry is
    /// itself such a file.
    ///
    /// Not a file in the entry: a package could bring one of that name.
    let markerSuffix: String?

    /// What belongs to one attempt to fill an entry.
    struct Work: Sendable {
        /// A folder for temporary files, removed at the end.
        let folder: URL

        /// The place of the entry itself.
        let entry: URL

        /// What each child process must hold open: the lock, and the pipe that tells the shell
        /// when the last process that writes to the entry has ended.
        let held: [Descriptor]
    }

    /// The entry's final place.
    var url: URL { folder.appending(path: name) }

    private var marker: URL { markerSuffix.map { folder.appending(path: name + $0) } ?? url }

    /// Created first and removed last: while it exists, the entry may be half-made.
    private var workFolder: URL { folder.appending(path: Self.workPrefix + name) }

    private var lockPath: String { url.path + Self.lockSuffix }

    private static let workPrefix = ".work-"
    private static let lockSuffix = ".lock"

    /// Runs `body` to fill the entry, unless another process fills it first.
    ///
    /// - `isUsable`: Whether the entry needs no filling; asked once the lock is held.
    /// - `onWait`: Called once if another process holds the lock.
    /// - Throws: What `body` throws, `PosixError` if the folder can't be used, or
    ///   `CancellationError`.
    func fill(
        unless isUsable: () -> Bool,
        onWait: () -> Void,
        _ body: (Work) async throws -> Void
    ) async throws {
        try await blockingCall("amaru-cache") { try DurableFile.makeFolder(folder) }
        let lock = try await FileLock.acquire(at: lockPath, onWait: onWait)
        defer { withExtendedLifetime(lock) {} }
        if isUsable() { return }
        let watch = try await blockingCall("amaru-cache") {
            removeLeftovers()
            try remove()
            return try EndWatch(
                #"[ -e "$1" ] || /bin/rm -rf -- "$2"; /bin/rm -rf -- "$3""#,
                [marker.path, url.path, workFolder.path],
                holding: [lock.descriptor]
            )
        }
        defer { watch.end() }
        do {
            try DurableFile.makeFolder(workFolder)
            try await body(work(lock, watch))
        } catch {
            try? await blockingCall("amaru-cache") { try remove() }
            throw error
        }
        // The entry is complete; what can't be removed now is a leftover.
        try? await blockingCall("amaru-cache") { try DurableFile.remove(workFolder) }
    }

    private func work(_ lock: FileLock, _ watch: EndWatch) -> Work {
        Work(folder: workFolder, entry: url, held: [lock.descriptor, watch.pipe])
    }

    /// Removes the entry, unless a process fills or uses it; returns whether it is gone.
    ///
    /// - Throws: `PosixError`, or Foundation's error for a file that cannot be removed.
    func discard() async throws -> Bool {
        try await blockingCall("amaru-cache") {
            guard let lock = try FileLock.acquireIfFree(at: lockPath) else { return false }
            defer { withExtendedLifetime(lock) {} }
            guard let claim = CacheUse.claim(marker.path) else { return false }
            defer { withExtendedLifetime(claim) {} }
            try remove()
            lock.removeFile()
            return true
        }
    }

    /// Removes all files of a folder of entries that belong to no complete one and are not in use.
    static func removeStrays(in folder: URL, markerSuffix: String) async throws {
        try await blockingCall("amaru-cache") {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            let names = files.map { file in
                if file.hasPrefix(workPrefix) { return String(file.dropFirst(workPrefix.count)) }
                return file.hasSuffix(lockSuffix) ? String(file.dropLast(lockSuffix.count)) : file
            }
            for name in Set(names)
            where !name.hasSuffix(markerSuffix) && !files.contains(name + markerSuffix) {
                let entry = CacheEntry(folder: folder, name: name, markerSuffix: markerSuffix)
                guard let lock = try? FileLock.acquireIfFree(at: entry.lockPath) else { continue }
                try entry.remove()
                lock.removeFile()
            }
        }
    }

    /// Removes what dead processes left half-made in the folder, as far as that is possible.
    private func removeLeftovers() {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for file in files where file.hasPrefix(Self.workPrefix) {
            let name = String(file.dropFirst(Self.workPrefix.count))
            let other = CacheEntry(folder: folder, name: name, markerSuffix: markerSuffix)
            guard let lock = try? FileLock.acquireIfFree(at: other.lockPath) else { continue }
            defer { withExtendedLifetime(lock) {} }
            if FileManager.default.fileExists(atPath: other.marker.path) {
                try? DurableFile.remove(other.workFolder)
            } else {
                try? other.remove()
                lock.removeFile()
            }
        }
    }

    /// Removes the entry, its marker first: a removal that stops half-way leaves no marker.
    private func remove() throws {
        for url in [marker, url, workFolder] { try DurableFile.remove(url) }
    }
}
