// The files of the page, by name.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// The files that the server sends: those of this table, and no other.
struct AssetTable: Sendable {
    /// The page's own, from the folder Assets.
    static let page = AssetTable([
        "": Asset(PackageResources.index_html, type: "text/html; charset=utf-8"),
        "app.js": Asset(PackageResources.app_js, type: script),
        "code.js": Asset(PackageResources.code_js, type: script),
        "conversations.js": Asset(PackageResources.conversations_js, type: script),
        "transcript.js": Asset(PackageResources.transcript_js, type: script),
        "style.css": Asset(PackageResources.style_css, type: "text/css; charset=utf-8"),
    ])

    private static let script = "text/javascript; charset=utf-8"

    private let assets: [String: Asset]

    init(_ assets: [String: Asset]) { self.assets = assets }

    /// The file of a name; the page itself has none.
    subscript(name: String) -> Asset? { assets[name] }

    /// Adds the routes of all files.
    func addRoutes(to router: Router<ServeContext>) {
        for (name, asset) in assets {
            router.get(RouterPath(name)) { request, _ in asset.response(to: request) }
        }
    }
}
