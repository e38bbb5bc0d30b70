// Scripts in the cache: from archives, and from elsewhere.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension EnvironmentBuilder {
    /// Where scripts are kept that were archives or came from elsewhere, each in a folder.
    public var scriptsFolder: URL { cacheFolder.appending(path: "scripts") }

    private static let fetching = ".fetching-"
    /// How long a new folder may be without its lock.
    private static let youth = 60.0

    /// Makes an empty folder for what is fetched, on the disk where it is to be kept, and removes
    /// those of programs that were killed.
    ///
    /// - Throws: `EnvironmentError` if the cache cannot be written.
    public func makeScriptFolder() throws -> URL {
        let folder = scriptsFolder.appending(path: Self.fetching + UUID().uuidString)
        do {
            try DurableFile.makeFolder(folder)
            // Locked as long as this process lives.
            _ = CacheUse.begin(folder.path)
            let limit = Date(timeIntervalSinceNow: -Self.youth)
            try? Self.remove(in: scriptsFolder, before: limit) { $0.hasPrefix(Self.fetching) }
        } catch {
            throw EnvironmentError(cache: cacheFolder.path, error)
        }
        return folder
    }

    /// Removes a folder that ``makeScriptFolder()`` has made.
    public func removeScriptFolder(_ folder: URL) {
        CacheUse.end(folder.path)
        try? DurableFile.remove(folder)
    }

    /// Keeps a script of the cache from being removed while this process lives.
    ///
    /// - Returns: False if it is not there any more.
    public func keepScript(at path: String) -> Bool {
        let start = scriptsFolder.path + "/"
        guard path.hasPrefix(start) else { return false }
        let name = path.dropFirst(start.count).prefix { $0 != "/" }
        return CacheUse.begin(start + name)
    }
}
