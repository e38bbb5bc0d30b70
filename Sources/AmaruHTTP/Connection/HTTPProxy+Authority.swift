// What of a proxy goes onto the wire and into messages.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension HTTPProxy {
    /// The proxy as a URL, without user name and password.
    var shown: String { "\(scheme.rawValue)://\(authority)" }

    /// Host and port, the host of an IPv6 address in brackets.
    var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// The value of `Proxy-Authorization`, where there are credentials (RFC 7617).
    var authorization: String? {
        guard username != nil || password != nil else { return nil }
        let pair = Data("\(username ?? ""):\(password ?? "")".utf8)
        return "Basic " + pair.base64EncodedString()
    }
}
