// The addresses that a page lets a reader follow.
// SPDX-License-Identifier: Apache-2.0

/// Where a link leads: to a page of the web, or to a mailbox.
struct LinkTarget {
    /// The address as it was written.
    let address: String
    /// Where it leads in the end: a host, or the domain of a mailbox.
    let host: String

    /// Returns nil for addresses of other schemes, and for those that browsers read their own way:
    /// with controls, spaces or backslashes, or without both slashes.
    init?(_ address: String) {
        let isPlain = address.unicodeScalars.allSatisfy {
            $0.value > 0x20 && !(0x7F...0x9F).contains($0.value) && $0 != "\\"
                && !$0.properties.isWhitespace && !$0.properties.isDefaultIgnorableCodePoint
        }
        guard isPlain, address.utf8.count <= 4096, let colon = address.firstIndex(of: ":") else {
            return nil
        }
        let rest = address[address.index(after: colon)...]
        switch address[..<colon].lowercased() {
        case "http", "https":
            guard rest.hasPrefix("//") else { return nil }
            let authority = rest.dropFirst(2).prefix { !"/?#".contains($0) }
            // What comes before the last @ is a name and a password.
            let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
            guard !host.isEmpty else { return nil }
            self.host = host.lowercased()
        case "mailto":
            let mailbox = rest.prefix { $0 != "?" }
            guard let at = mailbox.lastIndex(of: "@") else { return nil }
            host = mailbox[mailbox.index(after: at)...].lowercased()
        default:
            return nil
        }
        self.address = address
    }

    /// Whether a link's text says where it leads.
    func isNamed(by text: String) -> Bool {
        let text = text.lowercased()
        let address = address.lowercased()
        return ["", "http://", "https://", "mailto:"].contains { $0 + text == address }
            || text == host
    }
}
