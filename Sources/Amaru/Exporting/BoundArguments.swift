// The arguments of one call, each at the place of its parameter.
// SPDX-License-Identifier: Apache-2.0

/// The values of a call in the order of the parameters; valid while `bind` runs.
@usableFromInline
@frozen
struct BoundArguments {
    /// Borrowed, each; nil where a parameter is not passed.
    @usableFromInline
    let slots: UnsafePointer<PyPointer?>?
    @usableFromInline
    unowned(unsafe) let signature: FunctionSignature

    @inlinable
    @inline(__always)
    init(_ slots: UnsafePointer<PyPointer?>?, _ signature: FunctionSignature) {
        self.slots = slots
        self.signature = signature
    }

    @inlinable
    @inline(__always)
    init(_ arguments: NativeArguments, _ signature: FunctionSignature) {
        slots = UnsafeRawPointer(arguments.baseAddress)?.assumingMemoryBound(to: PyPointer?.self)
        self.signature = signature
    }

    /// Converts the value of a parameter, or gives its default.
    @inlinable
    @inline(__always)
    func read<Value: ConvertibleFromPython>(
        _ index: Int,
        _ makeDefault: (@Sendable () -> Value)?,
        _ gil: borrowing PythonGIL
    ) throws -> Value {
        // Safe because there are as many slots as parameters, and so one at least.
        guard let pointer = slots.unsafelyUnwrapped[index] else {
            guard let makeDefault else {
                preconditionFailure("only what has a default is left out")
            }
            return makeDefault()
        }
        do {
            return try Value.fromPython(BorrowedReference(pointer), gil)
        } catch {
            throw signature.failure(error, at: index)
        }
    }

    /// Returns the reference that `body` makes (new), or raises what it throws and returns nil.
    ///
    /// Around each closure that C enters: where nothing can throw, nothing is looked at.
    @inlinable
    @inline(__always)
    func returning(_ body: () throws -> OwnedReference) -> PyPointer? {
        do {
            return try body().take()
        } catch {
            return signature.raise(error)
        }
    }
}
