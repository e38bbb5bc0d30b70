// What the environment says of certificates and proxies.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import NIOSSL
import Testing

@testable import AmaruHTTP

@Suite struct HTTPBackendConfigurationTests {
    @Test(arguments: [[:], ["SSL_CERT_FILE": "", "SSL_CERT_DIR": ""]])
    func `Without names the authorities are the system's`(
        _ environment: [String: String]
    ) throws {
        #expect(try HTTPBackendConfiguration(environment: environment).trustRoots == .system)
    }

    @Test(.enabled(if: TestCertificates.isAvailable, "the openssl command is not on the PATH"))
    func `The file and the folders of authorities add up, as they are at first`() throws {
        let made = try [TestCertificates(), TestCertificates(), TestCertificates()]
        let paths = try made.map { try $0.issue(for: ["DNS:localhost"]).authority }
        let texts = try paths.map { try String(contentsOfFile: $0, encoding: .utf8) }
        let expected = try paths.prefix(2).flatMap { try NIOSSLCertificate.fromPEMFile($0) }
        let folder = try TemporaryFolder()
        let file = try folder.write(texts[0], to: "a.pem")
        try folder.write(texts[1], to: "b/b.pem")
        let configuration = try HTTPBackendConfiguration(environment: [
            "SSL_CERT_FILE": file.path, "SSL_CERT_DIR": "\(folder.path)/b:/no/such/folder",
        ])
        guard case .snapshot(let snapshot) = configuration.trustRoots else {
            Issue.record("the files were not read")
            return
        }
        // What is written later is not trusted, whatever time it claims. The clock of file systems
        // goes by ticks: the file is written until the next one has come.
        try folder.write(texts[2], to: "a.pem")
        let (late, ready) = (folder.path + "/b/c.pem", Date())
        while true {
            try folder.write(texts[2], to: "b/c.pem")
            let attributes = try FileManager.default.attributesOfItem(atPath: late)
            if let time = attributes[.modificationDate] as? Date, time > ready { break }
        }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 0)],
            ofItemAtPath: late
        )
        #expect(try snapshot.authorities(isOptional: false) == expected)
        withExtendedLifetime(made) {}
    }

    @Test(.enabled(if: TestCertificates.isAvailable, "the openssl command is not on the PATH"))
    func `A folder of authorities cannot be exchanged`() throws {
        let authority = try TestCertificates()
        let path = try authority.issue(for: ["DNS:localhost"]).authority
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let folder = try TemporaryFolder()
        // It is as old as the one in whose place it will be.
        for name in ["own", "other"] { try folder.write(text, to: "\(name)/a.pem") }
        let snapshot = AuthoritySnapshot(of: [folder.path + "/own"])
        #expect(
            try AuthoritySnapshot(of: [folder.path + "/own"]).authorities(isOptional: false).count
                == 1
        )
        #expect(rename(folder.path + "/own", folder.path + "/former") == 0)
        #expect(rename(folder.path + "/other", folder.path + "/own") == 0)
        let error = #expect(throws: CertificateFile.Failure.self) {
            try snapshot.authorities(isOptional: false)
        }
        #expect(error?.fault.contains("not the folder that it was") == true)
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
