// A Swift instance on its way into a Python object.
// SPDX-License-Identifier: Apache-2.0

/// An instance that this value owns, with the slots that the collector may look into.
///
/// Made where the class is known at compile time, so that nothing is looked up at run time.
@usableFromInline
@frozen
struct NewInstance: ~Copyable {
    /// Retained.
    @usableFromInline
    let address: UnsafeMutableRawPointer
    /// A retained ``SlotList``; nil where the instance has no slots.
    @usableFromInline
    let slots: UnsafeMutableRawPointer?

    /// Whether nothing else refers to the instance, which has no Python object then.
    @usableFromInline
    let isUnique: Bool

    @inlinable
    @inline(__always)
    init<Instance: PythonClassInstance>(_ instance: consuming Instance) {
        let slots = instance.pythonSlots
        self.slots = slots.isEmpty ? nil : SlotList.retained(slots)
        isUnique = isKnownUniquelyReferenced(&instance)
        address = Unmanaged.passRetained(instance).toOpaque()
    }

    @usableFromInline
    deinit {
        if let slots { Unmanaged<SlotList>.fromOpaque(slots).release() }
        Unmanaged<AnyObject>.fromOpaque(address).release()
    }

    /// Gives the ownership of both away.
    consuming func take() -> (address: UnsafeMutableRawPointer, slots: UnsafeMutableRawPointer?) {
        let parts = (address, slots)
        discard self
        return parts
    }
}
