// Takes secrets out of this process' environment for good.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

enum ProcessSecrets {
    /// Reads a variable, overwrites its bytes wherever this process keeps them, and unsets it.
    ///
    /// `unsetenv` alone drops a pointer: `/proc/PID/environ` goes on showing the value to every
    /// process of the same user, for it reads the block that the kernel filled at the start.
    ///
    /// To be called before other threads start and before Python does, which copies the
    /// environment.
    ///
    /// - Returns: The value, or nil if the variable is unset or empty.
    static func take(_ variable: String) -> String? {
        var value: String?
        // The pointer may lead into the initial block, or to a copy made by setenv.
        if let bytes = getenv(variable) {
            value = String(cString: bytes)
            memset(bytes, 0, strlen(bytes))
        }
        unsetenv(variable)
        eraseInInitialBlock(variable)
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Keeps the memory of this process out of core files, and from other processes of the user.
    ///
    /// Children that run another program are not affected, nor is root.
    static func forbidDumps() {
        #if os(Linux)
            // The Glibc module leaves out <sys/prctl.h>, and Swift what is variadic.
            typealias Function = @convention(c) (CInt, CUnsignedLong) -> CInt
            guard let symbol = dlsym(nil, "prctl") else { return }
            let setDumpable: CInt = 4
            // Safe because prctl takes its arguments from the registers where these are.
            _ = unsafeBitCast(symbol, to: Function.self)(setDumpable, 0)
        #else
            var none = rlimit(rlim_cur: 0, rlim_max: 0)
            setrlimit(RLIMIT_CORE, &none)
        #endif
    }

    /// Overwrites every value of the variable in the block that the kernel made.
    ///
    /// An earlier `setenv` would have left the first value there, out of getenv's sight.
    private static func eraseInInitialBlock(_ variable: String) {
        guard let block = initialBlock() else { return }
        let prefix = Array("\(variable)=".utf8)
        var start = block.startIndex
        while start < block.endIndex {
            let end = block[start...].firstIndex(of: 0) ?? block.endIndex
            if block[start..<end].starts(with: prefix) {
                for index in (start + prefix.count)..<max(end, start + prefix.count) {
                    block[index] = 0
                }
            }
            start = end + 1
        }
    }

    /// The memory that holds the initial environment; nil if the system does not tell.
    private static func initialBlock() -> UnsafeMutableBufferPointer<UInt8>? {
        #if os(Linux)
            // Fields 50 and 51, counted from 1, see proc(5); the name in parentheses may hold
            // blanks, so counting starts after it, at field 3.
            guard
                let data = FileManager.default.contents(atPath: "/proc/self/stat"),
                let name = data.lastIndex(of: UInt8(ascii: ")"))
            else { return nil }
            let fields = data[data.index(after: name)...].split(separator: UInt8(ascii: " "))
            guard
                fields.count > 48,
                let start = UInt(String(decoding: fields[47], as: UTF8.self)),
                let end = UInt(String(decoding: fields[48], as: UTF8.self)),
                let base = UnsafeMutablePointer<UInt8>(bitPattern: start), end > start
            else { return nil }
            return UnsafeMutableBufferPointer(start: base, count: Int(end - start))
        #else
            // Darwin's getenv points into the block until the first setenv of the variable.
            return nil
        #endif
    }
}
