// The variables of proxies, as programs read them.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruHTTP

@Suite
struct HTTPProxySettingsTests {
    static let choices: [([String: String], String, String?)] = [
        (["HTTP_PROXY": "http://p:1"], "http://a.example", "http://p:1"),
        (["HTTP_PROXY": "http://p:1"], "https://a.example", nil),
        (["HTTPS_PROXY": "http://p:1"], "https://a.example", "http://p:1"),
        (
            ["https_proxy": "http://low:1", "HTTPS_PROXY": "http://p:1"], "https://a.b",
            "http://low:1"
        ),
        (["https_proxy": "", "HTTPS_PROXY": "http://p:1"], "https://a.example", nil),
        (["ALL_PROXY": "socks5://p:1"], "http://a.example", "socks5://p:1"),
        (["all_proxy": "p:1", "HTTPS_PROXY": "q:2"], "https://a.example", "http://q:2"),
        (["all_proxy": "p:1", "HTTPS_PROXY": "q:2"], "http://a.example", "http://p:1"),
        (["HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"], "http://a.example", nil),
        (["http_proxy": "p:1", "REQUEST_METHOD": "GET"], "http://a.example", "http://p:1"),
        (["HTTP_PROXY": "http://p:1"], "http://127.0.0.1", nil),
        (["HTTP_PROXY": "http://p:1"], "http://localhost:99", nil),
        (["HTTP_PROXY": "http://p:1", "NO_PROXY": "a.example"], "http://a.example", nil),
        (["HTTP_PROXY": "p", "no_proxy": "", "NO_PROXY": "*"], "http://a.example", "http://p:80"),
    ]

    @Test(arguments: choices)
    func `Each scheme has its proxy`(
        _ environment: [String: String],
        _ url: String,
        _ proxy: String?
    ) throws {
        let settings = try HTTPProxySettings(environment: environment)
        #expect(settings.proxy(for: try HTTPOrigin(parsing: url))?.shown == proxy)
    }

    static let proxies: [(String, String, String?)] = [
        ("http://p", "http://p:80", nil), ("p:3128", "http://p:3128", nil),
        ("https://p", "https://p:443", nil), ("socks5h://p", "socks5://p:1080", nil),
        ("HTTP://[::1]:8080/", "http://[::1]:8080", nil),
        ("http://[::1]", "http://[::1]:80", nil),
        ("http://us%40er:p%3Ass@p:1", "http://p:1", "Basic dXNAZXI6cDpzcw=="),
        ("user@p:1", "http://p:1", "Basic dXNlcjo="),
        ("http://a:b@c:d@p:1", "http://p:1", "Basic YTpiQGM6ZA=="),
    ]

    @Test(arguments: proxies)
    func `A proxy is read with its credentials decoded`(
        _ text: String,
        _ shown: String,
        _ authorization: String?
    ) throws {
        let proxy = try HTTPProxy(parsing: text)
        #expect(proxy.shown == shown)
        #expect(proxy.authorization == authorization)
    }

    @Test(arguments: ["ftp://secret@p", "http://", "http://u:secret@p:x", "http://secret@p q"])
    func `What names no proxy is refused, without its password`(_ text: String) throws {
        let error = try #require(throws: HTTPTransferError.self) {
            try HTTPProxySettings(environment: ["HTTPS_PROXY": text])
        }
        #expect(error.message.hasPrefix("HTTPS_PROXY: "))
        #expect(error.message.contains("looks like"))
        #expect(!error.message.contains("secret"), "\(error)")
    }

    static let lists: [(String, String, Bool)] = [
        ("example.com", "http://example.com", true),
        ("example.com", "http://api.example.com", true),
        (".Example.com", "http://api.example.com", true),
        (".example.com", "http://example.com", true),
        ("*.example.com", "http://api.example.com", true),
        ("example.com", "http://badexample.com", false),
        ("example.com.", "http://example.com", true),
        ("example.com", "http://example.com.", true),
        ("*", "http://example.com", true), ("", "http://example.com", false),
        ("x, *", "http://example.com", true), ("a b,example.com", "http://example.com", true),
        ("example.com:8080", "http://example.com:8080", true),
        ("example.com:8080", "http://example.com", false),
        ("10.1.2.3", "http://10.1.2.3", true), ("10.1.2.3", "http://10.1.2.30", false),
        ("2.3", "http://10.1.2.3", false), ("10.0.0.0/8", "http://10.200.1.1:99", true),
        ("10.0.0.0/8", "http://11.0.0.1", false), ("10.0.0.0/9", "http://10.128.0.1", false),
        ("0.0.0.0/0", "http://9.9.9.9", true), ("10.0.0.0/33", "http://10.0.0.0", false),
        ("10.0.0.0/8:99", "http://10.1.1.1:99", true),
        ("10.0.0.0/8:99", "http://10.1.1.1:98", false), ("10.0.0.1:99", "http://10.0.0.1:99", true),
        ("fd00::/8", "http://[fd12::1]", true), ("fd00::/8", "http://[fe80::1]", false),
        ("::1:2", "http://[::1:2]", true), ("[fd00::1]", "http://[fd00::1]:80", true),
        ("[fd00::1]:81", "http://[fd00::1]", false), ("[fd00::1]:81", "http://[fd00::1]:81", true),
        ("fd00:0::1", "http://[fd00::1]", true), ("0.0.0.0/0", "http://[fd00::1]", false),
        ("0.0.0.0/0", "http://example.com", false),
    ]

    @Test(arguments: lists)
    func `Hosts, suffixes, ports and networks are reached directly`(
        _ list: String,
        _ url: String,
        _ isDirect: Bool
    ) throws {
        let bypass = HTTPProxyBypass(parsing: list)
        #expect(bypass.contains(try HTTPOrigin(parsing: url)) == isDirect)
    }
}
