// Packages that are files or folders of this machine.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A wheel, or a folder of sources, that may change.
enum LocalSource {
    /// The most files of a folder that are looked at.
    private static let bound = 10_000

    /// The path that a requirement names, if it names one.
    static func path(in requirement: String) -> String? {
        if let url = requirement.firstRange(of: "file:") {
            return URL(string: String(requirement[url.lowerBound...]).trimmed)?.path
        }
        let isPath =
            ["./", "../", "/"].contains(where: requirement.hasPrefix) || requirement == "."
        let isFile = requirement.contains("/") || requirement.hasSuffix(".whl")
        guard isPath || isFile && FileManager.default.fileExists(atPath: requirement) else {
            return nil
        }
        return requirement
    }

    /// The path of a source, with what changes when its contents do: sizes and times.
    static func name(of url: URL) -> String {
        var parts: [String] = []
        add(url.path, to: &parts)
        return parts.joined(separator: "\n")
    }

    private static func add(_ path: String, to parts: inout [String]) {
        guard parts.count < bound,
            let found = try? FileManager.default.attributesOfItem(atPath: path)
        else { return }
        switch found[.type] as? FileAttributeType {
        case .typeRegular?:
            let time = (found[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            parts.append("\(path) \(found[.size] as? Int ?? 0) \(time)")
        case .typeDirectory?:
            // Its own time changes with each build below it, and says nothing.
            parts.append(path)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            for name in names.sorted() where !isMade(name) { add("\(path)/\(name)", to: &parts) }
        default:
            parts.append(path)
        }
    }

    /// Whether tools write there: version control, caches, builds.
    private static func isMade(_ name: String) -> Bool {
        name.hasPrefix(".") || name == "__pycache__" || name == "build"
            || name.hasSuffix(".egg-info")
    }
}
