// Python objects that a Swift object holds, in sight of Python's garbage collector.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A place for Python objects in an instance of an exported class.
///
/// Python's collector cannot see what a Swift object holds, so a cycle through an ordinary stored
/// property is never freed. One through a slot is, where the class lists it:
///
/// ```swift
/// final class Button: PythonClassInstance {
///     let action = PythonSlot()
///     var pythonSlots: [PythonSlot] { [action] }
///
///     static let pythonClass = PythonClass(Button.self) {
///         PythonInitializer { () in Button() }
///     }
/// }
/// ```
///
/// A slot may be read and written on any thread. It belongs to one instance, which Swift code
/// reaches through strong references only: the collector takes an instance for garbage when
/// nothing but its own Python object holds it.
///
/// https://docs.python.org/3/c-api/gcsupport.html
public final class PythonSlot: Sendable {
    private let content: Lock<[PythonObject]>

    /// Creates a slot that holds the object, or none.
    public init(_ object: PythonObject? = nil) {
        content = Lock(object.map { [$0] } ?? [])
    }

    /// The object in the slot; the first where it holds several.
    public var object: PythonObject? {
        get { objects.first }
        set { objects = newValue.map { [$0] } ?? [] }
    }

    /// All objects in the slot.
    public var objects: [PythonObject] {
        get { content.withLock { $0 } }
        set { exchange(for: newValue) }
    }

    /// Adds an object.
    public func append(_ object: PythonObject) {
        content.withLock { $0.append(object) }
    }

    /// The old content is released after the lock: that may run Python code.
    private func exchange(for objects: [PythonObject]) {
        var objects = objects
        content.withLock { swap(&$0, &objects) }
        withExtendedLifetime(objects) {}
    }

    // MARK: For the collector

    /// Visits each object that nothing in Swift holds but this slot.
    func visit(_ visit: (PyPointer) -> Int32) -> Int32 {
        content.withLock { content in
            for index in content.indices where isKnownUniquelyReferenced(&content[index]) {
                let result = visit(content[index].pointer)
                if result != 0 { return result }
            }
            return 0
        }
    }

    func clear() { exchange(for: []) }
}

/// The slots of one instance, as its Python object keeps them.
@usableFromInline
final class SlotList: Sendable {
    let slots: [PythonSlot]

    init(_ slots: [PythonSlot]) { self.slots = slots }

    /// The address of a new list, which the caller owns.
    @usableFromInline
    static func retained(_ slots: [PythonSlot]) -> UnsafeMutableRawPointer {
        Unmanaged.passRetained(SlotList(slots)).toOpaque()
    }

    func visit(_ visit: (PyPointer) -> Int32) -> Int32 {
        for slot in slots {
            let result = slot.visit(visit)
            if result != 0 { return result }
        }
        return 0
    }

    func clear() {
        for slot in slots { slot.clear() }
    }
}
