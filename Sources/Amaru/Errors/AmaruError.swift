// The library's own failures: what happened, to what, and what to do.
// SPDX-License-Identifier: Apache-2.0

/// A failure of the bridge itself, as opposed to an exception that Python code raised.
///
/// Exceptions of Python code arrive as ``PythonException``, values that do not convert as
/// ``PythonConversionError``.
public struct AmaruError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String, Sendable {
            case notRunning, alreadyStarted, startFailed, environmentMismatch, wrongThread
            case actorBusy, moduleExists, invalidSignature, invalidModule
            case classNotRegistered, invalidClass, notCounting, brokenPromise
        }

        private let value: Value

        /// Python is not running: it failed to start, or was shut down.
        public static let notRunning = Code(value: .notRunning)
        /// Python was already started, with another configuration.
        public static let alreadyStarted = Code(value: .alreadyStarted)
        /// CPython refused the configuration.
        public static let startFailed = Code(value: .startFailed)
        /// The virtual environment belongs to another Python.
        public static let environmentMismatch = Code(value: .environmentMismatch)
        /// An entry that needs the Python thread, or the GIL, was used without.
        public static let wrongThread = Code(value: .wrongThread)
        /// The Python actor cannot take work until a nested event loop has ended.
        public static let actorBusy = Code(value: .actorBusy)
        /// A module of that name is there already.
        public static let moduleExists = Code(value: .moduleExists)
        /// An exported function has parameters that no Python function can have.
        public static let invalidSignature = Code(value: .invalidSignature)
        /// The members of a module cannot stand in one module.
        public static let invalidModule = Code(value: .invalidModule)

        /// An instance was converted of a class that no registered module has.
        public static let classNotRegistered = Code(value: .classNotRegistered)
        /// The description of a class cannot be made a Python class.
        public static let invalidClass = Code(value: .invalidClass)

        /// A promise to Python was dropped without a result, or given to it twice.
        public static let brokenPromise = Code(value: .brokenPromise)
        /// Objects are not counted in this process.
        public static let notCounting = Code(value: .notCounting)

        /// The name of the code.
        public var description: String { value.rawValue }
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, to what, and what to do.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
