// The hosts that are reached without a proxy: NO_PROXY.
// SPDX-License-Identifier: Apache-2.0

/// A list of hosts that are reached directly.
///
/// The rule is curl's (`--noproxy`, which also takes networks) with the ports of Python's urllib:
/// entries are separated by commas or blanks; `*` is every host; a name stands for itself and for
/// all below it, with or without a leading dot; an address is that address alone, in brackets or
/// not; `10.0.0.0/8` and `fd00::/8` are networks; each may end with a port, for that port alone.
/// Names are compared without regard to case and are not looked up: an address in the list does
/// not match a name that has it.
public struct HTTPProxyBypass: Sendable, Hashable {
    private enum Host: Hashable {
        case every
        case name(String)
        case network([UInt8], bits: Int)
    }

    private struct Entry: Hashable {
        var host: Host
        var port: Int?
    }

    private var entries: [Entry] = []

    /// Makes an empty list.
    public init() {}

    /// Reads a list such as `localhost, .example.com, 10.0.0.0/8, [::1]:8080`.
    ///
    /// What is none of these matches nothing.
    public init(parsing text: String) {
        let items = text.split { $0 == "," || $0.isWhitespace }
        entries = items.compactMap { Self.entry(String($0).lowercased()) }
    }

    func contains(_ origin: HTTPOrigin) -> Bool {
        let address = IPAddress.bytes(origin.host)
        let name = origin.host.hasSuffix(".") ? String(origin.host.dropLast()) : origin.host
        return entries.contains { entry in
            guard entry.port == nil || entry.port == origin.port else { return false }
            switch entry.host {
            case .every: return true
            case .name(let suffix):
                return address == nil && (name == suffix || name.hasSuffix("." + suffix))
            case .network(let prefix, let bits):
                guard let address, address.count == prefix.count else { return false }
                return IPAddress.share(address, prefix, bits: bits)
            }
        }
    }

    private static func entry(_ item: String) -> Entry? {
        if item == "*" { return Entry(host: .every) }
        if let whole = network(item) { return Entry(host: whole) }
        let (host, port) = splitPort(item)
        if let network = network(host) { return Entry(host: network, port: port) }
        guard !host.contains(":"), !host.contains("/") else { return nil }
        var name = host[...]
        if name.hasPrefix("*.") { name = name.dropFirst() }
        name = name.drop { $0 == "." }
        if name.hasSuffix(".") { name = name.dropLast() }
        return name.isEmpty ? nil : Entry(host: .name(String(name)), port: port)
    }

    private static func splitPort(_ item: String) -> (String, Int?) {
        guard let colon = item.lastIndex(of: ":"),
            let port = Int(item[item.index(after: colon)...])
        else { return (item, nil) }
        return (String(item[..<colon]), port)
    }

    private static func network(_ text: String) -> Host? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var host = parts[0]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard let bytes = IPAddress.bytes(String(host)) else { return nil }
        let all = bytes.count * 8
        guard parts.count == 2 else { return .network(bytes, bits: all) }
        guard let bits = Int(parts[1]), (0...all).contains(bits) else { return nil }
        return .network(bytes, bits: bits)
    }
}
