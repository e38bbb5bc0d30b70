// SHA-256 against the examples that NIST publishes.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruEnvironment

@Suite struct EnvironmentDigestTests {
    @Test(
        "The digest is that of the standard",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                    + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
        ]
    )
    func knownDigest(message: String, digest: String) {
        #expect(SHA256.hex(message.utf8) == digest)
    }

    @Test(
        "A key signs as RFC 4231 has it",
        arguments: [
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ]
    )
    func signature(key: [UInt8], message: String, expected: String) {
        #expect(SHA256.authenticate(message.utf8, key: key) == expected)
    }

    @Test func `A million letters a give the long example's digest`() {
        let digest = SHA256.hex(repeatElement(UInt8(ascii: "a"), count: 1_000_000))
        #expect(digest == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func `Chunks of any size give the same digest`() {
        let message = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let whole = SHA256.hex(message)
        for size in 1...130 {
            var hash = SHA256()
            for start in stride(from: 0, to: message.count, by: size) {
                let chunk = Array(message[start..<min(start + size, message.count)])
                chunk.withUnsafeBytes { hash.update($0) }
            }
            #expect(hash.finish() == whole, "chunks of \(size)")
        }
    }
}
