// Functions in stubs.
// SPDX-License-Identifier: Apache-2.0

extension FunctionSignature {
    /// The lines of the function or method in a stub.
    ///
    /// - `decorators`: Such as `staticmethod`.
    func stub(_ documentation: String?, decorators: [String] = []) -> [String] {
        let own = name.split(separator: ".").last.map(String.init) ?? name
        let parameters = text(as: .stub, defaults: parameters.map(\.stubDefault))
        let value = result()
        // What a call gives at once, awaited or not.
        let result = isAsynchronous ? "asyncio.Future[\(value)]" : value
        return decorators.map { "@\($0)" }
            + StubText.block("def \(own)(\(parameters)) -> \(result)", documentation, [])
    }
}

/// Swift values as literals of Python.
enum PythonLiteral {
    /// The literal of a simple value; nil where a stub shows dots.
    static func text(of value: Any) -> String? {
        // Casts to protocols last: each looks through all conformances of the program.
        switch value {
        case let value as Bool: value ? "True" : "False"
        case let value as Int: "\(value)"
        case let value as Double: value.isFinite ? "\(value)" : nil
        case let value as Float: value.isFinite ? "\(Double(value))" : nil
        case let value as String: quoted(value)
        case let value as any OptionalValue: value.wrapped.map { text(of: $0) } ?? "None"
        case let value as any FixedWidthInteger: "\(value)"
        default: nil
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "'"
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "'": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where scalar.value < 32 || scalar.value == 127:
                let hexadecimal = String(scalar.value, radix: 16)
                result += "\\x" + (hexadecimal.count < 2 ? "0" : "") + hexadecimal
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "'"
    }
}

/// An optional of any type, to look into.
private protocol OptionalValue {
    var wrapped: Any? { get }
}

extension Optional: OptionalValue {
    fileprivate var wrapped: Any? { self }
}
