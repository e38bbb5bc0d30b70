// The Swift types that the elements of a buffer can have.
// SPDX-License-Identifier: Apache-2.0

/// A type whose values lie in Python's buffers just as they lie in Swift's memory.
///
/// The integers of each width, `Double`, `Float`, `Float16` and `Bool`. Types of your own cannot
/// take part: a buffer says of itself which number format it holds, and nothing more.
public protocol PythonBufferElement: BitwiseCopyable, Sendable {
    /// The number format of the type.
    static var pythonBufferType: PythonBufferType { get }

    /// Reads one element at an address that need not be aligned.
    ///
    /// Not for use outside the library: the address must lie in memory of this type.
    static func readPythonElement(at address: UnsafeRawPointer) -> Self
}

extension PythonBufferElement {
    /// Reads one element at an address that need not be aligned.
    @inlinable
    public static func readPythonElement(at address: UnsafeRawPointer) -> Self {
        address.loadUnaligned(as: Self.self)
    }
}

extension PythonBufferElement where Self: FixedWidthInteger & SignedInteger {
    /// A signed integer of this width.
    @inlinable
    public static var pythonBufferType: PythonBufferType {
        PythonBufferType(.signed, MemoryLayout<Self>.size)
    }
}

extension PythonBufferElement where Self: FixedWidthInteger & UnsignedInteger {
    /// An unsigned integer of this width.
    @inlinable
    public static var pythonBufferType: PythonBufferType {
        PythonBufferType(.unsigned, MemoryLayout<Self>.size)
    }
}

extension PythonBufferElement where Self: BinaryFloatingPoint {
    /// A floating-point number of this width.
    @inlinable
    public static var pythonBufferType: PythonBufferType {
        PythonBufferType(.floating, MemoryLayout<Self>.size)
    }
}

extension Int: PythonBufferElement {}
extension Int8: PythonBufferElement {}
extension Int16: PythonBufferElement {}
extension Int32: PythonBufferElement {}
extension Int64: PythonBufferElement {}
extension UInt: PythonBufferElement {}
extension UInt8: PythonBufferElement {}
extension UInt16: PythonBufferElement {}
extension UInt32: PythonBufferElement {}
extension UInt64: PythonBufferElement {}
extension Double: PythonBufferElement {}
extension Float: PythonBufferElement {}
#if !(os(macOS) && arch(x86_64))
    extension Float16: PythonBufferElement {}
#endif

extension Bool: PythonBufferElement {
    /// A truth value of one byte.
    @inlinable
    public static var pythonBufferType: PythonBufferType { PythonBufferType(.boolean, 1) }

    /// Reads a byte as numpy does: each but 0 is true, where Swift knows 0 and 1 only.
    @inlinable
    public static func readPythonElement(at address: UnsafeRawPointer) -> Bool {
        address.load(as: UInt8.self) != 0
    }
}
