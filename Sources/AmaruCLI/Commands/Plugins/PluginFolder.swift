// Where the user's plugins are.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The folder whose Python files are plugins: `$XDG_CONFIG_HOME/amaru/plugins`.
struct PluginFolder {
    let url: URL
    var path: String { url.path }

    init(variables: [String: String]) {
        url = UserFolder.config(in: variables).appending(path: "plugins")
    }

    /// Whether the folder is there; the first plugin makes it.
    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// The packages that the plugin files name, each once.
    ///
    /// Files and blocks that cannot be read are skipped: loading the file reports them.
    func requirements(_ builder: EnvironmentBuilder) async throws -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        var found: [String] = []
        for name in names.sorted()
        where name.hasSuffix(".py") && !name.hasPrefix("_") && !name.hasPrefix(".") {
            let file = url.appending(path: name).resolvingSymlinksInPath().path
            let attributes = try? FileManager.default.attributesOfItem(atPath: file)
            // A pipe or a device would never end.
            guard attributes?[.type] as? FileAttributeType == .typeRegular,
                let source = FileManager.default.contents(atPath: file)
            else { continue }
            let metadata = try? await builder.metadata(
                ofScript: source,
                named: file,
                with: .linked
            )
            try Task.checkCancellation()
            for requirement in metadata?.dependencies ?? [] where !found.contains(requirement) {
                found.append(requirement)
            }
        }
        return found
    }
}
