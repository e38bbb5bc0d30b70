// The names of Python's operators, and of the methods behind them.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// An operator of two operands.
///
/// https://docs.python.org/3/reference/datamodel.html#emulating-numeric-types
public enum PythonBinaryOperation: String, Sendable, CaseIterable {
    /// `a + b`
    case add
    /// `a - b`
    case subtract = "sub"
    /// `a * b`
    case multiply = "mul"
    /// `a @ b`
    case matrixMultiply = "matmul"
    /// `a / b`
    case divide = "truediv"
    /// `a // b`
    case floorDivide = "floordiv"
    /// `a % b`
    case remainder = "mod"
    /// `divmod(a, b)`
    case divmod
    /// `a ** b`
    case power = "pow"
    /// `a << b`
    case shiftLeft = "lshift"
    /// `a >> b`
    case shiftRight = "rshift"
    /// `a & b`
    case and
    /// `a | b`
    case or
    /// `a ^ b`
    case xor
    /// `a == b`; a class that has it and no ``PythonUnaryOperation/hash`` cannot be hashed.
    case equal = "eq"
    /// `a != b`; where missing, the opposite of `a == b`.
    case notEqual = "ne"
    /// `a < b`
    case less = "lt"
    /// `a <= b`
    case lessOrEqual = "le"
    /// `a > b`
    case greater = "gt"
    /// `a >= b`
    case greaterOrEqual = "ge"

    private var isComparison: Bool {
        switch self {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: true
        default: false
        }
    }

    /// The special method; that of a comparison has one form only.
    func methodName(_ form: PythonOperatorForm) -> String {
        switch form {
        case .ordinary: "__\(rawValue)__"
        case .reflected: isComparison ? "__\(rawValue)__" : "__r\(rawValue)__"
        case .inPlace: isComparison ? "__\(rawValue)__" : "__i\(rawValue)__"
        }
    }
}

/// On which side of an operator the instance stands.
public enum PythonOperatorForm: Sendable {
    /// Left: `instance + other`.
    case ordinary
    /// Right, where the left operand does not know how: `other + instance`.
    case reflected
    /// Left of an assignment: `instance += other`; the value is assigned.
    case inPlace
}

/// An operator or function of one object.
///
/// https://docs.python.org/3/reference/datamodel.html#special-method-names
public enum PythonUnaryOperation: String, Sendable, CaseIterable {
    /// `-a`
    case negative = "neg"
    /// `+a`
    case positive = "pos"
    /// `abs(a)`
    case absolute = "abs"
    /// `~a`
    case invert
    /// `bool(a)`
    case bool
    /// `int(a)`
    case int
    /// `float(a)`
    case float
    /// `complex(a)`
    case complex
    /// The integer for which `a` stands, such as in `items[a]`.
    case index
    /// `len(a)`
    case len
    /// `hash(a)`: the hash of what the closure returns.
    case hash
    /// `repr(a)`
    case repr
    /// `str(a)`
    case str
    /// `bytes(a)`
    case bytes
    /// `os.fspath(a)`
    case path = "fspath"

    var methodName: String { "__\(rawValue)__" }

    /// Makes the method's result of what the closure returned (new).
    func finish(_ value: consuming OwnedReference) throws -> PyPointer {
        guard case .hash = self else { return value.take() }
        let hash = PyObject_Hash(value.pointer)
        guard hash != -1 else { throw PythonException.taken() }
        return try OwnedReference(new: PyLong_FromSsize_t(hash)).take()
    }
}
