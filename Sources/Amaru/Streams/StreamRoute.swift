// The targets of a task's streams, as the value that its context carries.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The targets in the form that the runtime looks at: None, or a capsule and what it has targets
/// for.
struct StreamRoute: Sendable {
    /// What a stream keeps from one use to the next: bytes of half a character, half a line.
    ///
    /// With the route, so that two tasks do not take each other's.
    typealias Rests = Lock<[Int: PythonObject]>

    let streams: PythonStreams?
    let rests: Rests

    init(streams: PythonStreams? = nil, rests: Rests = Rests([:])) {
        self.streams = streams
        self.rests = rests
    }

    /// The route of the running task.
    @TaskLocal static var ofTask = StreamRoute()

    private static let name: StaticString = "amaru.streams"

    private final class Box: Sendable {
        let route: StreamRoute

        init(_ route: StreamRoute) { self.route = route }
    }

    /// The route in a capsule (borrowed).
    static func route(in capsule: PyPointer) throws -> StreamRoute {
        guard let pointer = PyCapsule_GetPointer(capsule, name.cString) else {
            throw PythonException.taken()
        }
        return Unmanaged<Box>.fromOpaque(pointer).takeUnretainedValue().route
    }

    private func capsule() throws -> OwnedReference {
        let box = Unmanaged.passRetained(Box(self))
        let capsule = PyCapsule_New(box.toOpaque(), Self.name.cString) { capsule in
            guard let pointer = PyCapsule_GetPointer(capsule, StreamRoute.name.cString) else {
                return
            }
            Unmanaged<Box>.fromOpaque(pointer).release()
        }
        guard let capsule else {
            box.release()
            throw PythonException.taken()
        }
        return OwnedReference(new: capsule)
    }
}

extension StreamRoute: ConvertibleToPython, ConvertibleFromPython {
    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        guard let streams else { return PythonNone().pythonReference(gil) }
        let tuple = try OwnedReference(new: PyTuple_New(4))
        // Stolen, each.
        amaru_tuple_fill(tuple.pointer, 0, try capsule().take())
        let targets = [streams.output != nil, streams.errorOutput != nil, streams.input != nil]
        for (index, hasTarget) in targets.enumerated() {
            amaru_tuple_fill(tuple.pointer, index + 1, hasTarget.pythonReference(gil).take())
        }
        return tuple
    }

    static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> StreamRoute {
        guard reference.pointer != amaru_none() else { return StreamRoute() }
        guard let capsule = PyTuple_GetItem(reference.pointer, 0) else {  // borrowed
            throw PythonException.taken()
        }
        return try route(in: capsule)
    }
}
