// What is below a folder, and how large.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The bytes of each file and folder below a folder, by its path from there.
///
/// What disappears meanwhile has none.
func sizes(below folder: URL) -> [String: Int] {
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
    let sizes = paths.map { path in
        let file = folder.appending(path: path).path
        let found = try? FileManager.default.attributesOfItem(atPath: file)
        return (path, found?[.size] as? Int ?? 0)
    }
    return Dictionary(sizes) { first, _ in first }
}
