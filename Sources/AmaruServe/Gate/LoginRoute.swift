// Where a browser logs in.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `POST api/login`: a token, or the code of a link, for a cookie.
struct LoginRoute: Sendable {
    private struct Body: Decodable { let token: String }

    let logins: Logins
    let credentials: Credentials

    func add(to router: Router<ServeContext>) {
        router.post("api/login") { request, context in
            var request = request
            let body = try await request.collectBody(upTo: context.maxUploadSize)
            guard
                let token = try? JSONDecoder().decode(Body.self, from: Data(body.readableBytesView))
            else {
                throw ServeFault(.badRequest, "request", #"the body is {"token": "…"}"#)
            }
            // A link that somebody else has made must not change who is logged in.
            if credentials.isLoggedIn(request, port: context.localAddress?.port) {
                return Response(status: .noContent)
            }
            guard let id = logins.login(with: token.token) else {
                throw ServeFault(
                    .unauthorized,
                    "login",
                    "this is not the server's token, or the link was used already"
                )
            }
            let cookie = credentials.cookie(id: id, port: context.localAddress?.port)
            return Response(status: .noContent, headers: [.setCookie: cookie])
        }
    }
}
