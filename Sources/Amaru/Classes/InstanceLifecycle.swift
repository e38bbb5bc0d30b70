// What CPython calls for each instance: allocation, __init__, traversal, deallocation.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// The functions of an exported type that CPython calls for the life of its objects.
///
/// https://docs.python.org/3/c-api/typeobj.html
enum InstanceLifecycle {
    // MARK: Beginning

    /// A new object without an instance (new), or NULL with an exception.
    static func allocate(_ type: TypePointer?, _ record: ClassRecord) -> PyPointer? {
        guard let object = PyType_GenericAlloc(type, 0) else { return nil }
        amaru_as_instance(object).pointee.methods = UnsafePointer(record.methods)
        return object
    }

    /// `tp_new`: takes any arguments, which are for `__init__`.
    static let makeNew: newfunc = { type, _, _ in
        guard let record = ClassRegistry.record(ofType: type) else {
            PyErr_SetString(amaru_TypeError(), "this type was not made by Amaru")
            return nil
        }
        return allocate(type, record)
    }

    /// `tp_init`: makes the Swift instance.
    static let initialize: initproc = { object, arguments, keywords in
        guard let object, let arguments, !Entry.isRefused else { return -1 }
        do {
            try ArgumentSpread.spread(arguments, keywords) { arguments, names in
                let gil = PythonGIL()
                guard let record = ClassRegistry.record(ofType: amaru_type(object)) else {
                    throw PendingPythonError(amaru_TypeError(), "this type was not made by Amaru")
                }
                try put(record.makeInstance(arguments, names, gil), into: object)
            }
            return 0
        } catch {
            ErrorTranslation.raise(error, PythonGIL())
            return -1
        }
    }

    /// Gives an object that has no instance one.
    static func put(_ instance: consuming NewInstance, into object: PyPointer) throws {
        let name = String(cString: amaru_type(object).pointee.tp_name)
        guard amaru_as_instance(object).pointee.instance == nil else {
            // To replace it would release what a method further up the stack works with.
            throw PendingPythonError(
                amaru_RuntimeError(),
                "this \(name) object is initialised already"
            )
        }
        guard InstanceIdentity.object(of: instance.address) == nil else {
            throw PendingPythonError(
                amaru_RuntimeError(),
                "the initialiser of \(name) gave an instance that has a Python object already"
            )
        }
        InstanceIdentity.fill(object, with: instance)
    }

    /// `tp_vectorcall` of the type itself: both steps at once, without a tuple and a dict.
    static let create: vectorcallfunc = { type, arguments, count, names in
        guard let type, !Entry.isRefused else { return nil }
        guard let record = ClassRegistry.unmanagedRecord(ofExactly: type) else {
            PyErr_SetString(amaru_TypeError(), "this type was not made by Amaru")
            return nil
        }
        let start = UnsafeRawPointer(arguments)?.assumingMemoryBound(to: PyPointer.self)
        return record._withUnsafeGuaranteedRef { record in
            do {
                let arguments = NativeArguments(
                    start: start,
                    count: amaru_vectorcall_arguments(count)
                )
                return try wrap(record.makeInstance(arguments, names, PythonGIL()), record)
            } catch {
                ErrorTranslation.raise(error, PythonGIL())
                return nil
            }
        }
    }

    /// The Python object of an instance that may have one already (new).
    private static func wrap(_ instance: consuming NewInstance, _ record: ClassRecord) throws
        -> PyPointer
    {
        let object = try OwnedReference(new: allocate(record.type, record))
        if instance.isUnique {
            InstanceIdentity.addUnlisted(object.pointer)
        } else if let known = InstanceIdentity.addUnlessKnown(
            object.pointer,
            for: instance.address
        ) {
            return OwnedReference(borrowed: known).take()
        }
        let (address, slots) = instance.take()
        let place = amaru_as_instance(object.pointer)
        place?.pointee.instance = address
        place?.pointee.slots = slots
        return object.take()
    }

    // MARK: Garbage collection

    /// `tp_traverse`: runs no code but the bridge's own, and no Python code at all.
    static let traverse: traverseproc = { object, visit, context in
        guard let object, let visit, let place = amaru_as_instance(object) else { return 0 }
        // The objects of a heap type hold it: https://bugs.python.org/issue40217
        let type = UnsafeMutableRawPointer(amaru_type(object))?
            .assumingMemoryBound(to: PyObject.self)
        let result = visit(type, context)
        guard result == 0, let slots = place.pointee.slots,
            isHeldByPythonOnly(place, amaru_type(object))
        else {
            return result
        }
        return Unmanaged<SlotList>.fromOpaque(slots)._withUnsafeGuaranteedRef { slots in
            slots.visit { visit($0, context) }
        }
    }

    /// `tp_clear`: breaks a cycle by emptying the slots.
    static let clear: inquiry = { object in
        guard let object, let place = amaru_as_instance(object), let slots = place.pointee.slots,
            isHeldByPythonOnly(place, amaru_type(object))
        else { return 0 }
        Unmanaged<SlotList>.fromOpaque(slots).takeUnretainedValue().clear()
        return 0
    }

    /// Whether nothing in Swift refers to the instance, so that its slots' objects are held by
    /// the Python object alone.
    private static func isHeldByPythonOnly(
        _ place: UnsafeMutablePointer<amaru_instance>,
        _ type: TypePointer?
    ) -> Bool {
        guard place.pointee.instance != nil else { return true }
        guard let record = ClassRegistry.record(ofType: type) else { return false }
        return withUnsafeMutablePointer(to: &place.pointee.instance) { pointer in
            pointer.withMemoryRebound(to: UnsafeMutableRawPointer.self, capacity: 1) {
                record.isHeldOnce($0)
            }
        }
    }

    // MARK: End

    /// `tp_dealloc`.
    static let deallocate: destructor = { object in
        PyObject_GC_UnTrack(object)
        // Without slots nothing in sight of the collector hangs on it that could nest deeply.
        guard let place = amaru_as_instance(object), place.pointee.slots != nil else {
            return release(object)
        }
        amaru_deallocate(object, ownDeallocate(), release)
    }

    /// The trashcan compares with it, which the closure itself cannot name.
    private static func ownDeallocate() -> destructor { deallocate }

    private static let release: destructor = { object in
        guard let object, let place = amaru_as_instance(object) else { return }
        let type = amaru_type(object)
        let instance = place.pointee.instance
        // Before weak references call back: that code must not find a dying object.
        if let instance { InstanceIdentity.remove(object, for: instance) }
        if place.pointee.weak_references != nil { PyObject_ClearWeakRefs(object) }
        let slots = place.pointee.slots
        place.pointee.instance = nil
        place.pointee.slots = nil
        if !Interpreter.isForkedChild {
            if let slots { Unmanaged<SlotList>.fromOpaque(slots).release() }
            if let instance { Unmanaged<AnyObject>.fromOpaque(instance).release() }
        }
        type?.pointee.tp_free(object)
        // Since 3.8 an object holds its heap type.
        amaru_decref(UnsafeMutableRawPointer(type)?.assumingMemoryBound(to: PyObject.self))
    }
}
