// What the containers of one encoding or decoding share.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// One encoding or decoding, while the thread holds the GIL.
///
/// A container that a type keeps for later finds it closed, and throws instead of touching Python
/// without the GIL.
final class CodingSession {
    let coding: PythonCoding
    private(set) var isOpen = true
    /// What a call of `Encoder` that cannot throw came upon.
    private(set) var failure: (any Error)?

    init(_ coding: PythonCoding) {
        self.coding = coding
    }

    func close() { isOpen = false }

    func fail(_ error: any Error) {
        if failure == nil { failure = error }
    }

    /// The proof for a conversion, made again for each as a class cannot hold one.
    func gil() throws -> PythonGIL {
        guard isOpen else {
            throw PythonConversionError(.value, "a coding container is used after its end")
        }
        return PythonGIL()
    }

    func requireDepth(_ depth: Int) throws {
        guard depth <= coding.depthLimit else {
            throw PythonConversionError(
                .value,
                "nested more than \(coding.depthLimit) levels deep: does it contain itself?"
            )
        }
    }
}

/// A step of the path that an index stands for, or the path that a key does.
struct CodingStep: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(_ index: Int) {
        (stringValue, intValue) = ("\(index)", index)
    }

    init?(stringValue: String) {
        (self.stringValue, intValue) = (stringValue, nil)
    }

    init?(intValue: Int) {
        self.init(intValue)
    }

    /// The key under which a class encodes what it inherits.
    static let base = CodingStep(base: "super")

    private init(base: String) {
        (stringValue, intValue) = (base, nil)
    }
}

extension CodingKey {
    /// The key as an int in Python: that of a dictionary, not of an enum that has numbers.
    var pythonIndex: Int? {
        guard let intValue, stringValue == String(intValue) else { return nil }
        return intValue
    }

    /// The step of a path.
    var pathStep: String { pythonIndex.map { "[\($0)]" } ?? ".\(stringValue)" }
}

/// Puts a step before the path of an error, which is ours and no `DecodingError` afterwards.
func coding<Result: ~Copyable>(at step: @autoclosure () -> String, _ body: () throws -> Result)
    throws
    -> Result
{
    do {
        return try body()
    } catch {
        guard let error = PythonConversionError(ofCoding: error) else { throw error }
        let step = step()
        throw step.isEmpty ? error : error.at(step)
    }
}

extension PythonConversionError {
    /// The error in the words of the bridge; nil where it is one of the type's own.
    init?(ofCoding error: any Error) {
        switch error {
        case let error as PythonConversionError:
            self = error
        case DecodingError.typeMismatch(_, let context),
            DecodingError.valueNotFound(_, let context):
            self.init(.type, context.debugDescription)
        case DecodingError.keyNotFound(_, let context), DecodingError.dataCorrupted(let context):
            self.init(.value, context.debugDescription)
        case EncodingError.invalidValue(_, let context):
            self.init(.value, context.debugDescription)
        default:
            return nil
        }
    }
}
