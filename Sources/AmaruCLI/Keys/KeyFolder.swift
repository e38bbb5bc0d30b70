// The keys that the user has stored, a file for each provider.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Files with the mode 0600 in a folder with 0700.
///
/// Not the desktop's secret store, which a session without a desktop lacks, and any program of the
/// user's may ask as well. Those who have one write `key.command = "secret-tool lookup …"`.
struct KeyFolder: Sendable {
    let url: URL

    private func path(of provider: String) -> String { url.appending(path: provider).path }

    /// Whether a name can be one of a provider, and of a file.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 100 else { return false }
        let isWord = { (byte: UInt8) in
            Character(UnicodeScalar(byte)).isLetter && byte < 0x80
                || (0x30...0x39).contains(byte) || byte == 0x5F
        }
        let isMark = { (byte: UInt8) in [0x2D, 0x2E, 0x3A].contains(byte) }
        return isWord(first) && name.utf8.allSatisfy { isWord($0) || isMark($0) }
    }

    /// Whether there is a key.
    func has(_ provider: String) -> Bool {
        Self.isName(provider) && access(path(of: provider), F_OK) == 0
    }

    /// The key of a provider; nil if it is missing.
    ///
    /// - Throws: `PrivateFile.Failure` that says why the file is not used.
    func key(of provider: String) throws -> String? {
        guard Self.isName(provider) else { return nil }
        return try PrivateFile.secret(at: path(of: provider))
    }

    /// Stores a key; returns the path of its file.
    ///
    /// - Throws: `PrivateFile.Failure`.
    func store(_ key: String, of provider: String) throws -> String {
        try PrivateFile.write(Array((key + "\n").utf8), to: URL(filePath: path(of: provider)))
        return path(of: provider)
    }

    /// Removes a key; returns whether there was one.
    ///
    /// - Throws: `PrivateFile.Failure`.
    func remove(_ provider: String) throws -> Bool {
        guard Self.isName(provider), unlink(path(of: provider)) != 0 else {
            return Self.isName(provider)
        }
        guard errno == ENOENT || errno == ENOTDIR else {
            let reason = String(cString: strerror(errno))
            throw PrivateFile.Failure(
                description: "\(path(of: provider)) cannot be removed: \(reason)"
            )
        }
        return false
    }

    /// The providers whose keys are here.
    var providers: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.filter(Self.isName).sorted()
    }
}
