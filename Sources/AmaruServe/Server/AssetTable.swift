// The files of the page, by name.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// The files that the server sends: those of this table, and no other.
struct AssetTable: Sendable {
    /// The page's own, from the folder Assets.
    static let page = AssetTable([
        "": Asset(PackageResources.index_html, type: "text/html; charset=utf-8"),
        "app.js": Asset(
            joined([
                PackageResources.transcript_js, PackageResources.conversations_js,
                PackageResources.app_js,
            ]),
            type: script
        ),
        "code.js": Asset(PackageResources.code_js, type: script),
        "style.css": Asset(PackageResources.style_css, type: "text/css; charset=utf-8"),
    ])

    private static let script = "text/javascript; charset=utf-8"

    /// Modules as one, which takes one request: each comes behind those that it imports from, and
    /// names nothing as another one does.
    private static func joined(_ modules: [[UInt8]]) -> [UInt8] {
        let lines = modules.flatMap { module in
            String(decoding: module, as: UTF8.self).split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
        }
        let export = "export "
        return lines.filter { !$0.hasPrefix("import {") }.flatMap { line in
            Array((line.hasPrefix(export) ? line.dropFirst(export.count) : line).utf8) + [0x0A]
        }
    }

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
