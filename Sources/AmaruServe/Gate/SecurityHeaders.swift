// What browsers are told about each answer.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// The fields that keep a page from loading, running or giving away what it should not.
enum SecurityHeaders {
    /// Nothing from elsewhere, nothing inline, and HTML by one function of the page alone.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
        "font-src 'self'", "connect-src 'self'", "manifest-src 'self'", "form-action 'self'",
        "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        "trusted-types amaru-md",
    ]
    .joined(separator: "; ")

    private static let common: HTTPFields = [
        .xContentTypeOptions: "nosniff",
        .referrerPolicy: "no-referrer",
    ]

    private static let page: HTTPFields = [
        .contentSecurityPolicy: policy,
        .crossOriginOpenerPolicy: "same-origin",
        .crossOriginResourcePolicy: "same-origin",
        .permissionsPolicy: "camera=(), microphone=(), geolocation=()",
    ]

    /// Adds the fields of an answer; those that a route has set stay.
    static func add(to headers: inout HTTPFields, for place: RequestPlace) {
        let all = place == .model ? common : common + page
        for field in all where headers[field.name] == nil { headers.append(field) }
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
    }
}
