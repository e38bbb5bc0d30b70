// Sends the requests for one origin to another.
// SPDX-License-Identifier: Apache-2.0

/// A table of the origins whose requests go to another one.
///
/// ```swift
/// let routes = try OriginRoutes(parsing: ["https://api.openai.com=http://127.0.0.1:8080"])
/// ```
public struct OriginRoutes: Sendable, Hashable {
    private var targets: [HTTPOrigin: HTTPOrigin] = [:]

    /// Makes an empty table.
    public init() {}

    /// Reads rules of the form `FROM=TO`, with an origin on each side.
    ///
    /// - Throws: ``ParseError`` for the first malformed rule, and for a second one with the same FROM.
    public init(parsing rules: [String]) throws(ParseError) {
        for rule in rules {
            guard let equals = rule.firstIndex(of: "=") else {
                throw ParseError(rule: rule, fault: "there is no \"=\" in it")
            }
            let from = try Self.origin(rule[..<equals], of: rule)
            let to = try Self.origin(rule[rule.index(after: equals)...], of: rule)
            guard targets[from] == nil else {
                throw ParseError(rule: rule, fault: "there is another rule for \(from)")
            }
            targets[from] = to
        }
    }

    /// The origins that requests are sent to in place of another.
    package var destinations: [HTTPOrigin] { Array(targets.values) }

    /// Whether there are no rules.
    public var isEmpty: Bool { targets.isEmpty }

    /// Returns where requests for an origin go; a target is not routed again.
    public func target(of origin: HTTPOrigin) -> HTTPOrigin {
        targets[origin] ?? origin
    }

    private static func origin(_ text: Substring, of rule: String) throws(ParseError) -> HTTPOrigin
    {
        do throws(HTTPOrigin.ParseError) {
            return try HTTPOrigin(parsingOnly: String(text))
        } catch {
            throw ParseError(rule: rule, fault: error.reason.description)
        }
    }
}

extension OriginRoutes {
    /// Why a rule is invalid.
    public struct ParseError: Error, Sendable, Hashable, CustomStringConvertible {
        /// The rule as it was given.
        public let rule: String
        /// What is wrong with it.
        public let fault: String

        /// The rule, what is wrong with it, and an example of a right one.
        public var description: String {
            "cannot use the route \"\(rule)\": \(fault). A right one is FROM=TO, such as "
                + "https://api.openai.com=http://127.0.0.1:8080."
        }
    }
}

/// A backend that sends requests where its routes say.
///
/// The path and query are kept; a `Host` header follows the target.
public final class RoutedBackend: HTTPLayer {
    private let routes: OriginRoutes
    /// The backend behind the layer.
    public let next: any HTTPBackend

    /// Makes a layer with these routes around a backend.
    public init(_ routes: OriginRoutes, around next: any HTTPBackend) {
        self.routes = routes
        self.next = next
    }

    /// Returns where the routes, and the backend behind them, send requests for an origin.
    public func destination(of origin: HTTPOrigin) -> HTTPOrigin {
        next.destination(of: routes.target(of: origin))
    }

    /// Starts the exchange with the target of the request's origin.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        // A malformed URL has no route; the engine says what is wrong with it.
        guard !routes.isEmpty, var url = try? HTTPTransferURL(parsing: request.url) else {
            return next.open(request)
        }
        let target = routes.target(of: url.origin)
        guard target != url.origin else { return next.open(request) }
        url.origin = target
        var routed = request
        routed.url = url.text
        for index in routed.headers.indices where routed.headers[index].isNamed("host") {
            routed.headers[index].bytes = Array(target.authority.utf8)
        }
        return next.open(routed)
    }

    /// Prepares the backend behind the layer for the target of the origin.
    public func prepare(for origin: HTTPOrigin, within connect: Duration?) async {
        await next.prepare(for: routes.target(of: origin), within: connect)
    }
}
