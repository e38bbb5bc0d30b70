// What the environment says of certificates and proxies.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruHTTP

@Suite struct HTTPBackendConfigurationTests {
    @Test(
        arguments: [
            ([:], .system), (["SSL_CERT_FILE": "", "SSL_CERT_DIR": ""], .system),
            (["SSL_CERT_FILE": "/a.pem"], .paths(["/a.pem"])),
            (["SSL_CERT_DIR": "/b:/c"], .paths(["/b", "/c"])),
            (["SSL_CERT_FILE": "/a.pem", "SSL_CERT_DIR": "/b"], .paths(["/a.pem", "/b"])),
        ] as [([String: String], HTTPBackendConfiguration.TrustRoots)]
    )
    func `The file and the folders of authorities add up`(
        _ environment: [String: String],
        _ expected: HTTPBackendConfiguration.TrustRoots
    ) throws {
        #expect(try HTTPBackendConfiguration(environment: environment).trustRoots == expected)
    }

    @Test func `The proxy variables are read too, and a malformed one is named`() throws {
        let proxy = ["HTTPS_PROXY": "http://proxy:3128"]
        let configuration = try HTTPBackendConfiguration(environment: proxy)
        #expect(configuration.proxies.https?.host == "proxy")
        let error = #expect(throws: HTTPTransferError.self) {
            try HTTPBackendConfiguration(environment: ["HTTPS_PROXY": "nonsense://"])
        }
        #expect(error?.message.hasPrefix("HTTPS_PROXY: ") == true)
    }
}
