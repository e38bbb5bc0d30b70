// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What the test library does whenever an error is thrown.
enum ThrownErrors {
    /// Stops it from keeping a backtrace for the address of each error's box.
    ///
    /// It never forgets one within a test, so a loop that throws seems to leak as often as the box
    /// comes to lie elsewhere. Both hooks are the Swift runtime's: a function that sets the one for
    /// untyped throws, and a variable for typed ones, read atomically at each throw.
    static func areNotTraced() {
        let everywhere = UnsafeMutableRawPointer(bitPattern: 0)
        if let setter = dlsym(everywhere, "_swift_setWillThrowHandler") {
            typealias Setter = @convention(c) (UnsafeRawPointer?) -> Void
            unsafeBitCast(setter, to: Setter.self)(nil)
        }
        if let hook = dlsym(everywhere, "_swift_willThrowTypedImpl") {
            hook.storeBytes(of: 0, as: UInt.self)
        }
    }
}
