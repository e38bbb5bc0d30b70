// Where a browser logs in.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// `POST api/login`: a token, or the code of a link, for a cookie.
struct LoginRoute: Sendable {
    let logins: Logins
    let credentials: Credentials

    func add(to router: Router<ServeContext>) {
        router.post("api/login") { request, context in
            let token = try RequestFields(context.json).required("token", "a string", \.string)
            // A link that somebody else has made must not change who is logged in.
            if credentials.isLoggedIn(request, port: context.localAddress?.port) {
                return Response(status: .noContent)
            }
            guard let id = logins.login(with: token) else {
                throw RequestError(
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
