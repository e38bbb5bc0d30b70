// Detached pthreads with a name and a stack size.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
    private typealias StartArgument = UnsafeMutableRawPointer?
#else
    import Darwin
    private typealias StartArgument = UnsafeMutableRawPointer
#endif

/// A thread that runs one function until the process ends.
package enum NativeThread {
    fileprivate final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Spawns a detached thread.
    ///
    /// - Returns: 0, or the error number of `pthread_create`.
    package static func spawn(
        name: String,
        stackSize: Int = 1 << 20,
        body: @escaping @Sendable () -> Void
    ) -> Int32 {
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        defer { attributes.deallocate() }
        pthread_attr_init(attributes)
        defer { pthread_attr_destroy(attributes) }
        pthread_attr_setstacksize(attributes, stackSize)
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let status = create(attributes, start.toOpaque())
        if status != 0 { start.release() }
        return status
    }

    private static func create(
        _ attributes: UnsafePointer<pthread_attr_t>,
        _ start: UnsafeMutableRawPointer
    ) -> Int32 {
        #if canImport(Glibc)
            var thread: pthread_t = 0
        #else
            var thread: pthread_t?
        #endif
        return pthread_create(&thread, attributes, run, start)
    }
}

/// The start routine, in the form that pthread wants.
private func run(_ argument: StartArgument) -> UnsafeMutableRawPointer? {
    let opaque: UnsafeMutableRawPointer? = argument
    guard let opaque else { return nil }
    let start = Unmanaged<NativeThread.Start>.fromOpaque(opaque).takeRetainedValue()
    #if canImport(Glibc)
        amaru_pthread_setname(pthread_self(), start.name)
    #else
        pthread_setname_np(start.name)
    #endif
    start.body()
    return nil
}
