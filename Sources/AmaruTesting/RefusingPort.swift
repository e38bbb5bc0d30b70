// A port that refuses connections, for good.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Ports that are taken, so that no other test gets one, and at which nobody listens.
enum RefusingPort {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Binds a socket of 127.0.0.1 that never listens, and is never closed.
    static func make() throws -> Int {
        #if canImport(Glibc)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard descriptor >= 0, isBound else {
            throw Failure(description: "no port to refuse connections at: errno \(errno)")
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
