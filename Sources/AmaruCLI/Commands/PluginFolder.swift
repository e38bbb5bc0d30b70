// Where the user's plugins are.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The folder whose Python files are plugins: `$XDG_CONFIG_HOME/amaru/plugins`.
struct PluginFolder {
    let url: URL
    var path: String { url.path }

    init(variables: [String: String]) {
        let home = URL(filePath: variables["HOME"] ?? NSHomeDirectory())
        let configured = variables["XDG_CONFIG_HOME"].flatMap { path in
            path.hasPrefix("/") ? URL(filePath: path) : nil
        }
        url = (configured ?? home.appending(path: ".config")).appending(path: "amaru/plugins")
    }

    /// Whether there is one; the first plugin makes it.
    var exists: Bool { FileManager.default.fileExists(atPath: path) }
}
