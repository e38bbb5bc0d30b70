// Files that hold keys.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruCLI

@Suite struct PrivateFileTests {
    @Test func `A stored key is its owner's alone, and comes back`() throws {
        let folder = try TemporaryFolder()
        let keys = KeyFolder(url: folder.url.appending(path: "config/keys"))
        #expect(try keys.key(of: "groq") == nil)
        let path = try keys.store("sk-1", of: "groq")
        #expect(try mode(path) == 0o600)
        #expect(try mode(folder.path + "/config/keys") == 0o700)
        #expect(try keys.key(of: "groq") == "sk-1\n")
        _ = try keys.store("sk-2", of: "groq")
        #expect(try keys.key(of: "groq") == "sk-2\n")
        #expect(keys.providers == ["groq"])
        #expect(try keys.remove("groq"))
        #expect(try !keys.remove("groq"))
        #expect(keys.providers.isEmpty)
    }

    @Test func `A key that others may read is refused, and what is no file`() throws {
        let folder = try TemporaryFolder()
        try folder.write("sk-1", to: "open", permissions: 0o640)
        try folder.write("", to: "folder/x")
        for (path, words) in [("open", "chmod 600"), ("folder", "not a file")] {
            #expect {
                try PrivateFile.secret(at: "\(folder.path)/\(path)")
            } throws: {
                "\($0)".contains(words)
            }
        }
        try folder.write(
            String(repeating: "k", count: PrivateFile.bound + 1),
            to: "long",
            permissions: 0o600
        )
        #expect(throws: PrivateFile.Failure.self) {
            try PrivateFile.secret(at: "\(folder.path)/long")
        }
    }

    @Test(arguments: ["", "../x", "a/b", ".x", "a b", "sk-1=", "é", "-x"])
    func `A name that is no provider's is no file's either`(name: String) throws {
        let folder = try TemporaryFolder()
        try folder.write("secret", to: "x", permissions: 0o600)
        let keys = KeyFolder(url: folder.url.appending(path: "keys"))
        #expect(!KeyFolder.isName(name))
        #expect(try keys.key(of: name) == nil)
        #expect(try !keys.remove(name))
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }
}
