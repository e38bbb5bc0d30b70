// The library's own failures: what happened, to what, and what to do.
// SPDX-License-Identifier: Apache-2.0

// CPython's headers include the C library's, whose types Swift may therefore attribute to them.
internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

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
            case classNotRegistered, invalidClass, notCounting, brokenPromise, resourceLimit
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
        /// The Python thread waits, or may wait, for the very work that needs it.
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

        /// The process may not have another descriptor, thread or piece of memory.
        public static let resourceLimit = Code(value: .resourceLimit)

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

extension AmaruError {
    /// The refusal of the system to give a descriptor, a thread or memory, with the limit's name.
    static func limit(_ event: String, _ code: Int32) -> AmaruError {
        AmaruError(.resourceLimit, "\(event): \(explanation(of: code))")
    }

    /// The error of a start that failed for want of a descriptor or of memory, if it did.
    ///
    /// CPython's own message then names the file that it could not open, and not the reason.
    static func limitAtStart(_ reason: String) -> AmaruError? {
        let descriptor = dup(0)
        let code = errno
        if descriptor >= 0 {
            close(descriptor)
            guard reason.lowercased().contains("memory") else { return nil }
            return limit("CPython did not start (\(reason))", ENOMEM)
        }
        guard code == EMFILE || code == ENFILE else { return nil }
        return limit("CPython did not start (\(reason))", code)
    }

    private static func explanation(of code: Int32) -> String {
        var limit = rlimit()
        switch code {
        case EMFILE:
            #if canImport(Glibc)
                getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            #else
                getrlimit(RLIMIT_NOFILE, &limit)
            #endif
            return """
                the process may open \(limit.rlim_cur) descriptors and has none left. Raise the \
                limit (ulimit -n), or close files.
                """
        case ENFILE:
            return "the system has no descriptors left. Raise its limit (fs.file-max)."
        case ENOMEM, EAGAIN:
            return """
                the system gives the process no more memory or threads (\
                \(String(cString: strerror(code)))). Raise its limits (ulimit -v, ulimit -u, or \
                those of its container).
                """
        default:
            return String(cString: strerror(code))
        }
    }
}
