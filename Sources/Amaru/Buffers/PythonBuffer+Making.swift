// The kinds of memory that can be shared with Python.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension PythonBuffer {
    /// Shares the elements of an array, read-only, without a copy.
    ///
    /// The buffer keeps the array; a change of the variable afterwards copies it, as ever.
    @inlinable
    public init<Element: PythonBufferElement>(_ elements: [Element]) {
        let base = elements.withUnsafeBufferPointer { $0.baseAddress }
        let type = Element.pythonBufferType
        self.init(held: Self.object(behind: elements), base, type, count: elements.count)
    }

    /// Shares the elements of an array under a shape, read-only, without a copy.
    ///
    /// - Throws: ``PythonConversionError`` where the shape does not hold exactly the elements.
    @inlinable
    public init<Element: PythonBufferElement>(_ elements: [Element], shape: [Int]) throws {
        let base = elements.withUnsafeBufferPointer { $0.baseAddress }
        let type = Element.pythonBufferType
        let owner = Self.object(behind: elements)
        try self.init(held: owner, base, type, count: elements.count, shape: shape)
    }

    /// Shares the elements of a contiguous array, read-only, without a copy.
    @inlinable
    public init<Element: PythonBufferElement>(_ elements: ContiguousArray<Element>) {
        let base = elements.withUnsafeBufferPointer { $0.baseAddress }
        let type = Element.pythonBufferType
        self.init(held: Self.object(behind: elements), base, type, count: elements.count)
    }

    /// Shares the elements of a contiguous array under a shape, read-only, without a copy.
    ///
    /// - Throws: ``PythonConversionError`` where the shape does not hold exactly the elements.
    @inlinable
    public init<Element: PythonBufferElement>(
        _ elements: ContiguousArray<Element>,
        shape: [Int]
    ) throws {
        let base = elements.withUnsafeBufferPointer { $0.baseAddress }
        let type = Element.pythonBufferType
        let owner = Self.object(behind: elements)
        try self.init(held: owner, base, type, count: elements.count, shape: shape)
    }

    /// Shares bytes, read-only, without a copy.
    ///
    /// Only a `Data` of a few bytes is copied: it keeps them in the value itself, not in memory.
    public init(_ data: Data) {
        // An inline Data has at most 14 bytes; the address of those is that of a temporary.
        guard data.count > 32 else {
            self.init(Array(data))
            return
        }
        let base = data.withUnsafeBytes { $0.baseAddress }
        self.init(held: HeldValue(data), base, UInt8.pythonBufferType, count: data.count)
    }

    /// Makes memory that Swift and Python can both write to, filled with one value.
    ///
    /// - Throws: ``PythonConversionError`` for a shape that no memory can have.
    public init<Element: PythonBufferElement>(repeating value: Element, shape: [Int]) throws {
        let count = try Self.count(of: shape, elementSize: MemoryLayout<Element>.size)
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: count)
        memory.initialize(repeating: value, count: count)
        let type = Element.pythonBufferType
        self.init(memory, type, count: count, shape: shape, .readWrite, .allocation)
    }

    /// Makes memory that Swift and Python can both write to, with a copy of the elements.
    ///
    /// - Parameters:
    ///   - elements: The elements, the last index running fastest.
    ///   - shape: The number of elements along each dimension; one dimension where nil.
    /// - Throws: ``PythonConversionError`` where the shape does not hold exactly the elements.
    public init<Element: PythonBufferElement>(
        copying elements: some Collection<Element>,
        shape: [Int]? = nil
    ) throws {
        let count = elements.count
        if let shape { try Self.check(shape, holds: count) }
        let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: count)
        _ = memory.initialize(fromContentsOf: elements)
        let type = Element.pythonBufferType
        self.init(
            memory.baseAddress,
            type,
            count: count,
            shape: shape ?? [count],
            .readWrite,
            .allocation
        )
    }

    /// Shares memory of your own, with a function that is called when it is no longer needed.
    ///
    /// ```swift
    /// let frame = camera.lock()
    /// let buffer = try PythonBuffer(
    ///     unsafe: frame.bytes, shape: [frame.height, frame.width], strides: [frame.rowBytes, 1]
    /// ) { _ in camera.unlock(frame) }
    /// ```
    ///
    /// - Parameters:
    ///   - elements: The first element, with all indices 0. The memory must be valid and of this
    ///     type until `onRelease` is called.
    ///   - shape: The number of elements along each dimension.
    ///   - strides: The distance in bytes from one element to the next along each dimension; nil
    ///     where they lie one after the other, the last index running fastest.
    ///   - access: Whether Python may write to the memory.
    ///   - onRelease: Called exactly once with the first element, on any thread, also one that
    ///     holds Python's lock, so it must neither block nor use Python; also called where this
    ///     initialiser throws.
    /// - Throws: ``PythonConversionError`` for a shape that no memory can have, and for strides
    ///   that do not match it.
    public init<Element: PythonBufferElement>(
        unsafe elements: UnsafeMutablePointer<Element>,
        shape: [Int],
        strides: [Int]? = nil,
        access: Access = .readWrite,
        onRelease: @escaping @Sendable (UnsafeMutablePointer<Element>) -> Void
    ) throws {
        // Safe because it is only carried to the one call that ends its use.
        nonisolated(unsafe) let address = elements
        do {
            let count = try Self.count(of: shape, elementSize: MemoryLayout<Element>.size)
            if let strides, strides.count != shape.count {
                throw PythonConversionError(
                    .value,
                    "there are \(strides.count) strides for \(shape.count) dimensions"
                )
            }
            self.init(
                elements,
                Element.pythonBufferType,
                count: count,
                shape: shape,
                strides: strides,
                access,
                .callback { onRelease(address) }
            )
        } catch {
            onRelease(elements)
            throw error
        }
    }

    // MARK: What the generic initialisers end in

    /// The object that holds the elements of an array.
    @inlinable
    @inline(__always)
    static func object<Element: PythonBufferElement>(behind elements: [Element]) -> AnyObject {
        // Of numbers at once: they are never those of a bridged NSArray.
        object(behind: ContiguousArray(elements))
    }

    @inlinable
    @inline(__always)
    static func object<Element: PythonBufferElement>(
        behind elements: ContiguousArray<Element>
    ) -> AnyObject {
        // Safe because a contiguous array is one strong reference, in the ABI of each platform.
        unsafeBitCast(elements, to: AnyObject.self)
    }

    @usableFromInline
    init(
        held owner: consuming AnyObject,
        _ base: UnsafeRawPointer?,
        _ type: PythonBufferType,
        count: Int
    ) {
        // Safe to keep the address: `owner` keeps the memory, and nobody writes to memory that two
        // values share.
        self.init(
            UnsafeMutableRawPointer(mutating: base),
            type,
            count: count,
            .readOnly,
            .object(owner)
        )
    }

    @usableFromInline
    init(
        held owner: consuming AnyObject,
        _ base: UnsafeRawPointer?,
        _ type: PythonBufferType,
        count: Int,
        shape: [Int]
    ) throws {
        try Self.check(shape, holds: count)
        self.init(
            UnsafeMutableRawPointer(mutating: base),
            type,
            count: count,
            shape: shape,
            .readOnly,
            .object(owner)
        )
    }
}

/// A value that holds memory, as an object.
private final class HeldValue<Value: Sendable>: Sendable {
    private let value: Value

    init(_ value: Value) { self.value = value }
}
