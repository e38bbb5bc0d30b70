// Paths that go on from what was typed.
// SPDX-License-Identifier: Apache-2.0

/// Lists a folder for completion.
struct FolderListing: Sendable {
    /// The entries that are looked at; a folder of more is not listed to the end.
    private static let bound = 100_000

    /// What `~` stands for.
    let home: String

    /// The paths that begin so, sorted: folders end in a slash, files in a blank.
    ///
    /// Blanks in names have a backslash before them, there and here.
    func paths(beginning typed: String) -> [String] {
        let slash = typed.lastIndex(of: "/").map { typed.index(after: $0) } ?? typed.startIndex
        let (folder, prefix) = (String(typed[..<slash]), Self.plain(typed[slash...]))
        let place = location(of: folder)
        guard let stream = opendir(place) else { return [] }
        defer { closedir(stream) }
        var found: [String] = []
        var looked = 0
        while looked < Self.bound, let entry = readdir(stream) {
            looked += 1
            guard let name = Self.name(of: entry), name.hasPrefix(prefix),
                name != ".", name != "..", name.first != "." || prefix.first == "."
            else { continue }
            let end = Self.isFolder(place + "/" + name) ? "/" : " "
            found.append(folder + name.replacing(" ", with: "\\ ") + end)
        }
        return found.sorted()
    }

    private func location(of folder: String) -> String {
        if folder.isEmpty { return "." }
        let path = Self.plain(folder[...])
        return path.hasPrefix("~/") ? home + path.dropFirst() : path
    }

    private static func plain(_ text: Substring) -> String {
        String(text).replacing("\\ ", with: " ")
    }

    /// The name of an entry; nil if it cannot be typed.
    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String? {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let isPlain = name?.unicodeScalars.allSatisfy {
            $0.properties.generalCategory != .control
        }
        return isPlain == true ? name : nil
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
