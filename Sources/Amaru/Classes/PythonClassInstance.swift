// The protocol of Swift classes that Python code can use.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// A Swift class that is a class in Python too.
///
/// ```swift
/// final class Counter: PythonClassInstance {
///     let value = Mutex(0)
///
///     func add(_ n: Int) { value.withLock { $0 += n } }
///
///     static let pythonClass = PythonClass(Counter.self, documentation: "Counts.") {
///         PythonInitializer { () in Counter() }
///         PythonProperty("value") { $0.value.withLock { $0 } }
///         PythonMethod("add") { (counter, n: Int) in counter.add(n) }
///     }
/// }
///
/// try await Python.register(PythonModule("counters") { Counter.pythonClass })
/// ```
///
/// An instance keeps its identity: as long as its Python object lives, converting it gives that
/// same object, and converting the object back gives the same instance. The Python object keeps
/// the instance alive, not the other way round: where Swift alone holds an instance, the next
/// conversion makes a new Python object, without attributes that a subclass had added.
///
/// Python code may use an instance on any of its threads, so the class is `Sendable`.
public protocol PythonClassInstance: AnyObject, Sendable, ConvertibleToPython,
    ConvertibleFromPython, PythonTypeHinted
{
    /// The description of the class; register it as a member of a ``PythonModule``.
    static var pythonClass: PythonClass { get }

    /// The slots through which the instance holds Python objects, read once for each Python object.
    ///
    /// Empty unless the class says otherwise.
    var pythonSlots: [PythonSlot] { get }
}

extension PythonClassInstance {
    /// The class's name, with its module once that is registered.
    public static var pythonTypeHint: String { ClassRegistry.hint(of: Self.self) }

    /// No slots.
    @inlinable
    public var pythonSlots: [PythonSlot] { [] }

    /// Gives the Python object of this instance, a new one only where none lives.
    ///
    /// - Throws: ``AmaruError/Code/classNotRegistered`` where no module with the class was
    ///   registered.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try InstanceIdentity.reference(to: self, gil)
    }

    /// Gives the instance behind a Python object of this class or of a subclass.
    ///
    /// - Throws: ``PythonConversionError`` for another object;
    ///   ``AmaruError/Code/classNotRegistered``.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Self {
        guard let record = ClassRegistry.record(of: Self.self) else {
            throw ClassRegistry.notRegistered(Self.self)
        }
        guard amaru_is_instance(reference.pointer, record.type) != 0 else {
            throw PythonConversionError.expected(record.name, found: reference)
        }
        guard let instance = amaru_as_instance(reference.pointer).pointee.instance else {
            throw InstanceIdentity.notInitialised(reference.pointer)
        }
        return Unmanaged<Self>.fromOpaque(instance).takeUnretainedValue()
    }

    /// Lends the instance at an address, without a change of its reference count.
    @inlinable
    @inline(__always)
    static func lend<Result>(
        _ address: UnsafeMutableRawPointer,
        _ body: (Self) throws -> Result
    ) rethrows -> Result {
        try Unmanaged<Self>.fromOpaque(address)._withUnsafeGuaranteedRef(body)
    }

    /// Lends the instance at an address to what makes a reference, which cannot be copied.
    @inlinable
    @inline(__always)
    static func makeReference(
        lending address: UnsafeMutableRawPointer,
        _ body: (Self) throws -> OwnedReference
    ) rethrows -> OwnedReference {
        let pointer = try Unmanaged<Self>.fromOpaque(address)
            ._withUnsafeGuaranteedRef { try body($0).take() }
        return OwnedReference(new: pointer)
    }
}
