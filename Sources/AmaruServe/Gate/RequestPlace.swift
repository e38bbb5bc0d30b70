// Which part of the server a request is for.
// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// The parts of the server, which differ in who may use them and in the shape of their errors.
enum RequestPlace: Equatable {
    /// `/v1`: programs, by a token.
    case model
    /// The files of the page, which hold no data.
    case asset
    /// Where a browser logs in.
    case login
    /// Health, readiness and metrics: programs and browsers.
    case operation
    /// All else: browsers that are logged in.
    case page

    /// Finds the place by the path, as the router takes that apart.
    init(_ request: Request) {
        let isRead = [.get, .head].contains(request.method)
        let parts = request.uri.path.split(separator: "/")
        self =
            switch (parts.first, parts.count) {
            case ("v1", _): .model
            case ("api", 2) where parts[1] == "login" && request.method == .post: .login
            case ("health", 1), ("metrics", 1), ("ready", 1): .operation
            case (let name, 0...1) where isRead && AssetTable.page[String(name ?? "")] != nil:
                .asset
            default: .page
            }
    }
}
