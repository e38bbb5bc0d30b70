// Swift closures as C calls them.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// The words of a closure, which are valid as long as something else holds the closure.
///
/// A function value is its code and its context. A structure of one field is laid out as the field;
/// a generic one would wrap the function into another of a more general form.
extension amaru_closure {
    private struct Function { let body: BoundBody }
    private struct Method { let body: BoundMethodBody }
    private struct Getter { let body: GetterBody }

    init(_ body: @escaping BoundBody) {
        self = unsafeBitCast(Function(body: body), to: amaru_closure.self)
    }

    init(method body: @escaping BoundMethodBody) {
        self = unsafeBitCast(Method(body: body), to: amaru_closure.self)
    }

    init(getter body: @escaping GetterBody) {
        self = unsafeBitCast(Getter(body: body), to: amaru_closure.self)
    }
}

extension amaru_callable {
    /// Lets calls with that many positional arguments, and no others, enter a closure at once.
    ///
    /// - Parameters:
    ///   - body: The closure, which the owner holds.
    ///   - signature: What the closure's arguments refer to, which the owner holds.
    mutating func enterDirectly(_ body: amaru_closure, _ signature: FunctionSignature) {
        direct_count = signature.directCount
        self.body = body
        self.signature = UnsafeRawPointer(Unmanaged.passUnretained(signature).toOpaque())
    }
}
