// Where a PostgreSQL database is.
// SPDX-License-Identifier: Apache-2.0

/// The URL of a PostgreSQL database, as libpq reads it.
///
/// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
package struct PostgresPlace: Sendable, CustomStringConvertible {
    /// With the password, if it has one.
    let url: String
    /// A password that is not in the URL.
    let password: String?
    /// Without the password, and what follows the database's name.
    package let description: String
    /// The passwords, as they are written in the URL.
    let secrets: [String]

    package static func isURL(_ text: String) -> Bool {
        text.hasPrefix("postgresql://") || text.hasPrefix("postgres://")
    }

    /// Reads a URL; nil if it is invalid or ambiguous: an unescaped `@` could belong to the password.
    package init?(_ text: String, password: String? = nil) {
        guard Self.isURL(text), !text.utf8.contains(0) else { return nil }
        let (scheme, rest) = Self.cut(text[...], at: "/")
        let (head, path) = Self.cut((rest ?? "").dropFirst(), at: "/")
        let (first, second) = Self.cut(head, at: "@")
        let (name, query) = Self.cut(path ?? "", at: "?")
        let (host, more) = Self.cut(second ?? first, at: "?")
        // A password with one of these has to be escaped: else a part of it is a host's name.
        guard Self.cut(second ?? "", at: "@").tail == nil, Self.cut(name, at: "@").tail == nil
        else { return nil }
        url = text
        self.password = password
        let (user, given) = Self.cut(second == nil ? "" : first, at: ":")
        let person = user.isEmpty ? "" : "\(user)@"
        description = "\(scheme)//\(person)\(host)\(path == nil ? "" : "/")\(name)"
        var secrets = [String(given ?? ""), password ?? ""]
        for field in (query ?? more ?? "").split(separator: "&") {
            let (key, value) = Self.cut(field, at: "=")
            if key == "password" || key == "sslpassword" { secrets.append(String(value ?? "")) }
        }
        self.secrets = secrets.filter { !$0.isEmpty }
    }

    /// Cuts a text at the first `mark`; the tail is nil if the text has no such character.
    private static func cut(
        _ text: Substring,
        at mark: Character
    ) -> (head: Substring, tail: Substring?) {
        guard let index = text.firstIndex(of: mark) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    /// A message without passwords, on one line.
    func clean(_ message: String) -> String {
        let line = message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return secrets.reduce(line) { $0.replacing($1, with: "***") }
    }

    func error(_ code: StoreError.Code, _ detail: String) -> StoreError {
        StoreError(code: code, number: 0, path: description, detail: clean(detail))
    }
}
