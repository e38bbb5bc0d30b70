// The registered classes, by Swift type and by Python type.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

typealias TypePointer = UnsafeMutablePointer<PyTypeObject>

/// What a registered class consists of; it lives as long as the process.
final class ClassRecord: @unchecked Sendable {
    // Safe because all of it is set before other code can see the record; the pointers stay valid
    // forever.
    let name: String
    /// Owned forever.
    let type: TypePointer
    /// Nil if Python code cannot make instances.
    let initializer: ClassInitializer?
    /// The parts of the initialiser, which are read without a change of their reference counts.
    fileprivate let body: InitializerBody
    fileprivate let signature: FunctionSignature
    fileprivate let directCount: Int
    /// The methods by their numbers, those of the base class first.
    let methods: UnsafeMutablePointer<amaru_callable>
    let methodCount: Int
    let buffer: BufferBody?
    let isHeldOnce: UniquenessTest

    /// The type as an object (borrowed).
    var object: PyPointer {
        UnsafeMutableRawPointer(type).assumingMemoryBound(to: PyObject.self)
    }

    init(
        name: String,
        type: TypePointer,
        initializer: ClassInitializer?,
        methods: UnsafeMutablePointer<amaru_callable>,
        methodCount: Int,
        buffer: BufferBody?,
        isHeldOnce: @escaping UniquenessTest
    ) {
        self.name = name
        self.type = type
        self.initializer = initializer
        let parts = initializer ?? .none(of: name)
        body = parts.body
        signature = parts.signature
        directCount = initializer == nil ? -1 : signature.directCount
        self.methods = methods
        self.methodCount = methodCount
        self.buffer = buffer
        self.isHeldOnce = isHeldOnce
    }
}

/// How a call of a class makes an instance.
struct ClassInitializer: Sendable {
    let signature: FunctionSignature
    let body: InitializerBody

    /// What a class without an initialiser has in its place, and never calls.
    static func none(of name: String) -> ClassInitializer {
        ClassInitializer(signature: FunctionSignature(name, [], result: { name })) { _, _ in
            preconditionFailure("a class without an initialiser refuses the call before")
        }
    }
}

extension ClassRecord {
    /// Makes the instance of a call of the class.
    @inline(__always)
    func makeInstance(
        _ arguments: NativeArguments,
        _ keywords: PyPointer?,
        _ gil: borrowing PythonGIL
    ) throws -> NewInstance {
        if arguments.count == directCount, keywords == nil {
            do {
                return try body(BoundArguments(arguments, signature), gil)
            } catch {
                throw signature.raised(error)
            }
        }
        return try makeApart(arguments, keywords, gil)
    }

    @inline(never)
    private func makeApart(
        _ arguments: NativeArguments,
        _ keywords: PyPointer?,
        _ gil: borrowing PythonGIL
    ) throws -> NewInstance {
        guard let initializer else {
            throw PythonConversionError(
                .type,
                "cannot create '\(String(cString: type.pointee.tp_name))' instances: "
                    + "its Swift class exports no initialiser"
            )
        }
        return try initializer.signature.bind(arguments, keywords, gil) {
            do { return try initializer.body($0, gil) } catch { throw signature.raised(error) }
        }
    }
}

/// The registered classes; used with the GIL held.
enum ClassRegistry {
    /// Safe because the GIL is held in each member, and nothing in them releases it; so no two
    /// accesses overlap, and the check for that would cost more than they do.
    @exclusivity(unchecked)
    private nonisolated(unsafe) static var byInstanceType = PointerTable()
    /// Safe for the same reason.
    @exclusivity(unchecked)
    private nonisolated(unsafe) static var byPythonType = PointerTable()

    static func add(_ record: ClassRecord, for type: any PythonClassInstance.Type) {
        InstanceIdentity.prepare()
        byInstanceType.prepare()
        byPythonType.prepare()
        let address = Unmanaged.passRetained(record).toOpaque()
        let name = String(cString: record.type.pointee.tp_name)
        names.withLock { $0[ObjectIdentifier(type)] = name }
        byInstanceType.set(address, for: key(type))
        byPythonType.set(address, for: UnsafeRawPointer(record.type))
    }

    /// The record of exactly this Swift class.
    static func record(of type: any PythonClassInstance.Type) -> ClassRecord? {
        record(at: byInstanceType.value(for: key(type)))
    }

    /// The record of the instance's class, or of the nearest superclass that has one.
    static func record(ofInstance instance: any PythonClassInstance) -> ClassRecord? {
        var type: AnyClass? = Swift.type(of: instance)
        while let current = type {
            if let found = byInstanceType.value(for: key(current)) { return record(at: found) }
            type = _getSuperclass(current)
        }
        return nil
    }

    /// The record of a Python class or of the nearest base that has one.
    static func record(ofType type: TypePointer?) -> ClassRecord? {
        var type = type
        while let current = type {
            if let found = byPythonType.value(for: UnsafeRawPointer(current)) {
                return record(at: found)
            }
            type = current.pointee.tp_base
        }
        return nil
    }

    /// The record of exactly this Python class (borrowed).
    static func unmanagedRecord(ofExactly type: PyPointer) -> Unmanaged<ClassRecord>? {
        byPythonType.value(for: UnsafeRawPointer(type)).map { Unmanaged.fromOpaque($0) }
    }

    /// The names of the registered classes, with their modules; for threads without the GIL too.
    private static let names = Lock<[ObjectIdentifier: String]>([:])

    static func hint(of type: any PythonClassInstance.Type) -> String {
        names.withLock { $0[ObjectIdentifier(type)] } ?? type.pythonClass.name
    }

    static func notRegistered(_ type: any PythonClassInstance.Type) -> AmaruError {
        AmaruError(
            .classNotRegistered,
            """
            The class \(type) is not known to Python: put \(type).pythonClass into a PythonModule \
            and register that first.
            """
        )
    }

    private static func record(at address: UnsafeMutableRawPointer?) -> ClassRecord? {
        address.map { Unmanaged<ClassRecord>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func key(_ type: AnyClass) -> UnsafeRawPointer {
        // Safe because a class's metatype is one pointer, to its metadata.
        unsafeBitCast(type, to: UnsafeRawPointer.self)
    }
}
