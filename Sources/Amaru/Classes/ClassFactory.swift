// Makes Python types of class descriptions.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// Makes the heap type of a class.
///
/// https://docs.python.org/3/c-api/type.html#creating-heap-allocated-types
struct ClassFactory {
    /// The type of a class, made where it does not exist yet; the GIL is held.
    static func type(
        for description: PythonClass,
        module: String,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        if let record = ClassRegistry.record(of: description.instanceType) {
            return OwnedReference(borrowed: record.object)
        }
        let factory = try ClassFactory(description, module: module)
        return try factory.make(gil)
    }

    private let description: PythonClass
    private let parts: [ClassPart]
    private let base: ClassRecord?
    private let module: String

    private init(_ description: PythonClass, module: String) throws {
        self.description = description
        self.module = module
        parts = ClassPart.merged(description.parts(description.name))
        base = try description.base.map { type in
            guard let record = ClassRegistry.record(of: type) else {
                throw ClassRegistry.notRegistered(type)
            }
            return record
        }
        try check()
    }

    private func check() throws {
        if let base = description.base {
            guard isSubclass(description.instanceType, of: base) else {
                throw AmaruError(
                    .invalidClass,
                    "\(description.instanceType) is no subclass of \(base): remove `base`."
                )
            }
        }
        guard !description.name.isEmpty, !description.name.contains(where: { ".\0".contains($0) })
        else {
            throw AmaruError(
                .invalidClass,
                "'\(description.name)' cannot name a class: write a Python identifier."
            )
        }
    }

    private func isSubclass(_ type: AnyClass, of base: AnyClass) -> Bool {
        var type: AnyClass? = type
        while let current = type {
            if current == base { return true }
            type = _getSuperclass(current)
        }
        return false
    }

    // MARK: Making

    private func make(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let made = try makeType(gil)
        let type = UnsafeMutableRawPointer(made.pointer).assumingMemoryBound(to: PyTypeObject.self)
        let methods = try MethodTable(parts, base: base, className: description.name, gil)
        try addMembers(to: type, methods, gil)
        type.pointee.tp_vectorcall = InstanceLifecycle.create
        amaru_type_seal(type)
        let record = ClassRecord(
            name: description.name,
            type: type,
            initializer: initializer,
            methods: methods.entries,
            methodCount: methods.count,
            buffer: buffer,
            isHeldOnce: description.isHeldOnce
        )
        ClassRegistry.add(record, for: description.instanceType)
        return OwnedReference(borrowed: record.object)  // `made` becomes the record's, forever
    }

    private var initializer: ClassInitializer? {
        for case .initializer(let signature, let body) in parts {
            return ClassInitializer(signature: signature, body: body)
        }
        return base?.initializer
    }

    private var buffer: BufferBody? {
        for case .buffer(let body) in parts { return body }
        return base?.buffer
    }

    /// Makes the type with what is the same for all classes (new).
    private func makeType(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        var slots = [
            slot(Py_tp_new, unsafeBitCast(InstanceLifecycle.makeNew, to: Address.self)),
            slot(Py_tp_init, unsafeBitCast(InstanceLifecycle.initialize, to: Address.self)),
            slot(Py_tp_dealloc, unsafeBitCast(InstanceLifecycle.deallocate, to: Address.self)),
            slot(Py_tp_traverse, unsafeBitCast(InstanceLifecycle.traverse, to: Address.self)),
            slot(Py_tp_clear, unsafeBitCast(InstanceLifecycle.clear, to: Address.self)),
        ]
        if buffer != nil {
            slots.append(
                slot(Py_bf_getbuffer, unsafeBitCast(InstanceBuffer.get, to: Address.self))
            )
            slots.append(
                slot(Py_bf_releasebuffer, unsafeBitCast(InstanceBuffer.release, to: Address.self))
            )
        }
        // The type keeps pointers to the name and the members, or copies, by version: forever.
        let members = UnsafeMutablePointer<PyMemberDef>.allocate(capacity: 2)
        members.initialize(repeating: PyMemberDef(), count: 2)
        if base == nil {
            members[0] = amaru_weak_references_member()
            slots.append(slot(Py_tp_members, UnsafeMutableRawPointer(members)))
        }
        let docstring = CText.permanent(try documentation(gil))
        slots.append(slot(Py_tp_doc, UnsafeMutableRawPointer(docstring)))
        slots.append(PyType_Slot())
        let type = slots.withUnsafeMutableBufferPointer { slots in
            var spec = PyType_Spec(
                name: CText.permanent("\(module).\(description.name)"),
                basicsize: Int32(MemoryLayout<amaru_instance>.size),
                itemsize: 0,
                flags: UInt32(amaru_type_flags()),
                slots: slots.baseAddress
            )
            return PyType_FromSpecWithBases(&spec, base?.object)
        }
        return try OwnedReference(new: type)
    }

    private typealias Address = UnsafeMutableRawPointer

    private func slot(_ number: Int32, _ function: Address) -> PyType_Slot {
        PyType_Slot(slot: number, pfunc: function)
    }

    /// The docstring with the signature in the form that `inspect` reads.
    private func documentation(_ gil: borrowing PythonGIL) throws -> String {
        for case .initializer(let signature, _) in parts {
            try signature.check()
            return try signature.docstring(description.documentation, gil)
        }
        return description.documentation ?? ""
    }

    // MARK: Members

    private func addMembers(
        to type: TypePointer,
        _ methods: borrowing MethodTable,
        _ gil: borrowing PythonGIL
    ) throws {
        for method in methods.definitions {
            try set(method.name, PyDescr_NewMethod(type, method.definition), on: type)
        }
        for part in parts {
            switch part {
            case .property(let property):
                try set(property.name, makeProperty(property, of: type), on: type)
            case .staticMethod(let function):
                let object = try makeBuiltin(function, gil)
                try set(function.name, PyStaticMethod_New(object.pointer), on: type)
            case .classMethod(let function):
                let object = try makeBuiltin(function, gil)
                try set(function.name, PyClassMethod_New(object.pointer), on: type)
            case .constant(let name, let value):
                try set(name, value.pythonReference(gil).take(), on: type)
            case .hashIsNone:
                try set("__hash__", OwnedReference(borrowed: amaru_none()).take(), on: type)
            case .initializer, .method, .special, .bareMethod, .operation, .buffer:
                break
            }
        }
    }

    /// Makes the builtin behind a static or class method.
    private func makeBuiltin(_ function: PythonFunction, _ gil: borrowing PythonGIL) throws
        -> PythonObject
    {
        try NativeFunction.make(function, module: module, gil)
    }

    /// Makes a property's descriptor (new).
    private func makeProperty(_ property: PropertyPart, of type: TypePointer) -> PyPointer? {
        let definition = UnsafeMutablePointer<PyGetSetDef>.allocate(capacity: 1)
        definition.initialize(
            to: PyGetSetDef(
                name: CText.permanent(property.name),
                get: amaru_get_property,
                set: property.setter == nil ? nil : Entry.setter,
                doc: property.documentation.map { UnsafePointer(CText.permanent($0)) },
                closure: Entry.property(property)
            )
        )
        return PyDescr_NewGetSet(type, definition)
    }

    /// Sets an attribute of the type; `value` is stolen, and NULL where making it failed.
    private func set(_ name: String, _ value: PyPointer?, on type: TypePointer) throws {
        let value = try OwnedReference(new: value)
        let object = UnsafeMutableRawPointer(type).assumingMemoryBound(to: PyObject.self)
        // Not tp_dict: setting the attribute makes the type's slots call special methods.
        try PythonException.check(PyObject_SetAttrString(object, name, value.pointer))
    }
}
