// The environment variables of the process.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#else
    import Foundation
#endif

/// The environment variables of the process.
package enum EnvironmentVariables {
    /// The variables as they are now.
    ///
    /// `ProcessInfo` takes each entry apart character by character, which costs a short command a
    /// tenth of its own time.
    package static var current: [String: String] {
        #if canImport(Glibc)
            typealias Entries = UnsafePointer<UnsafePointer<CChar>?>
            // By its name, since Swift's own declaration traps after `clearenv`.
            let entries = dlsym(nil, "environ")?.load(as: Entries?.self)
            guard var entry = entries ?? nil else { return [:] }
            var variables: [String: String] = [:]
            while let text = entry.pointee {
                entry += 1
                guard let equals = strchr(text, Int32(UInt8(ascii: "="))) else { continue }
                let bytes = UnsafeRawBufferPointer(start: text, count: UnsafePointer(equals) - text)
                let name = String(decoding: bytes, as: UTF8.self)
                // Of two, `getenv` returns the first.
                if variables[name] == nil { variables[name] = String(cString: equals + 1) }
            }
            return variables
        #else
            return ProcessInfo.processInfo.environment
        #endif
    }
}
