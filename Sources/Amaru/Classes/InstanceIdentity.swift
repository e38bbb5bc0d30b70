// Which Python object stands for which Swift instance.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// The Python objects of Swift instances, by the address of the instance.
///
/// An entry does not keep the Python object alive: its deallocator removes it. The object keeps
/// the instance alive, so an address in the table is not used again.
enum InstanceIdentity {
    /// Safe because the GIL is held in each member, and nothing in them releases it; so no two
    /// accesses overlap, and the check for that would cost more than they do.
    @exclusivity(unchecked)
    private nonisolated(unsafe) static var objects = PointerTable()

    static func prepare() { objects.prepare() }

    /// The number of Python objects that live for Swift instances; the GIL is held.
    static var count: Int {
        list()
        return objects.count
    }

    /// Puts the objects into the table that were made since it was last looked at.
    @inline(__always)
    private static func list() {
        while let object = amaru_take_unlisted() {
            guard let instance = object.pointee.instance else { continue }
            objects.set(UnsafeMutableRawPointer(object), for: instance)
        }
    }

    /// The numbers of these objects by the names of their types; the GIL is held.
    static var countsByType: [String: Int] {
        list()
        return objects.values.reduce(into: [:]) { counts, address in
            let object = address.assumingMemoryBound(to: PyObject.self)
            guard amaru_refcount(object) > 0 else { return }
            counts[String(cString: amaru_type_name(object)), default: 0] += 1
        }
    }

    /// The Python object of an instance, if one lives (borrowed).
    static func object(of address: UnsafeRawPointer) -> PyPointer? {
        list()
        guard let found = objects.value(for: address) else { return nil }
        let object = found.assumingMemoryBound(to: PyObject.self)
        // While a subclass's object is taken apart its attributes' finalizers may run Python
        // code that comes here; it must not get hold of that object.
        return amaru_refcount(object) > 0 ? object : nil
    }

    /// Adds the object of an instance that nothing else knows, and so has no other object.
    @inline(__always)
    static func addUnlisted(_ object: PyPointer) {
        amaru_add_unlisted(amaru_as_instance(object))
    }

    static func add(_ object: PyPointer, for address: UnsafeRawPointer) {
        objects.set(UnsafeMutableRawPointer(object), for: address)
    }

    /// Adds an object for an instance that has none; gives the one that it has else (borrowed).
    static func addUnlessKnown(_ object: PyPointer, for address: UnsafeRawPointer) -> PyPointer? {
        list()
        guard let found = objects.add(UnsafeMutableRawPointer(object), for: address) else {
            return nil
        }
        let existing = found.assumingMemoryBound(to: PyObject.self)
        if amaru_refcount(existing) > 0 { return existing }
        add(object, for: address)
        return nil
    }

    @inline(__always)
    static func remove(_ object: PyPointer, for address: UnsafeRawPointer) {
        if amaru_remove_unlisted(amaru_as_instance(object)) != 0 { return }
        objects.remove(UnsafeMutableRawPointer(object), for: address)
    }

    /// The Python object of an instance, a new one where none lives.
    static func reference<Instance: PythonClassInstance>(
        to instance: Instance,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        let address = UnsafeRawPointer(Unmanaged.passUnretained(instance).toOpaque())
        if let object = object(of: address) { return OwnedReference(borrowed: object) }
        guard let record = ClassRegistry.record(ofInstance: instance) else {
            throw ClassRegistry.notRegistered(type(of: instance))
        }
        let object = try OwnedReference(new: InstanceLifecycle.allocate(record.type, record))
        fill(object.pointer, with: NewInstance(instance))
        return object
    }

    /// Puts an instance into a Python object that has none.
    static func fill(_ object: PyPointer, with instance: consuming NewInstance) {
        let (address, slots) = instance.take()
        let place = amaru_as_instance(object)
        place?.pointee.slots = slots
        place?.pointee.instance = address
        add(object, for: address)
    }

    /// The use of an object whose `__init__` has not run.
    static func notInitialised(_ object: PyPointer) -> any Error {
        let name = String(cString: amaru_type(object).pointee.tp_name)
        PyErr_SetString(
            amaru_RuntimeError(),
            "this \(name) object has no Swift instance: its __init__ has not run; "
                + "a subclass that defines __init__ must call super().__init__()"
        )
        return PythonException.taken()
    }
}
