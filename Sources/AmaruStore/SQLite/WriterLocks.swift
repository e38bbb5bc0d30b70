// Which processes write to the file of a store.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Locks that the system drops when a process ends, by the writers' names.
final class WriterLocks {
    private let folder: String
    private var own: (name: String, lock: FileLock)?

    init(folder: String) { self.folder = "\(folder)/writers" }

    deinit { release() }

    func release() {
        own?.lock.removeFile()
        own = nil
    }

    /// The name of this writer, whose lock is held from now on.
    func take() throws(PosixError) -> String {
        if let own { return own.name }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw PosixError("create the folder \(folder)")
        }
        let name = Conversation.newID()
        do {
            guard let lock = try FileLock.acquireIfFree(at: "\(folder)/\(name)") else {
                throw PosixError("lock \(folder)/\(name)", code: EWOULDBLOCK)
            }
            own = (name, lock)
        } catch let error as PosixError {
            throw error
        } catch {
            throw PosixError("lock \(folder)/\(name)")
        }
        return name
    }

    /// Runs `body` if the process of a writer has ended, and only in one process.
    func ifGone(_ name: String, _ body: () throws(StoreError) -> Void) throws(StoreError) {
        guard name != own?.name, mkdir(folder, 0o700) == 0 || errno == EEXIST,
            let lock = try? FileLock.acquireIfFree(at: "\(folder)/\(name)")
        else { return }
        defer { lock.removeFile() }
        try body()
    }
}
