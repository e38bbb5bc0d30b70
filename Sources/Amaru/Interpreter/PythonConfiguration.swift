// How Python is started: a value, read once.
// SPDX-License-Identifier: Apache-2.0

/// How the interpreter is set up.
///
/// Python starts in isolation: no environment variable, no user site and no current folder on the
/// search path has a say. Whatever a program wants of these it states here.
public struct PythonConfiguration: Sendable, Equatable {
    /// Who provides the memory of Python objects.
    public enum Allocator: Sendable {
        /// CPython's own choice.
        case standard
        /// The C library's `malloc` for everything, so that AddressSanitizer sees each object.
        case malloc
        /// CPython's own with its debug hooks, which find overruns and uses after release.
        case debug
    }

    /// What is done with an exception that ends a task and that nobody awaits.
    public enum UnhandledErrors: Sendable {
        /// It is written to standard error and given to ``PythonConfiguration/onUnhandledError``.
        case report
        /// It is only given to ``PythonConfiguration/onUnhandledError``.
        case handlerOnly
    }

    /// Who runs the event loop of the Python thread.
    public enum EventLoopPolicy: Sendable, Equatable {
        /// asyncio's own.
        case standard
        /// The package uvloop, which must be installed; Python does not start without.
        case uvloop
    }

    /// The root of a virtual environment made by the interpreter that Amaru links; nil for none.
    public var environment: String?
    /// Folders that come first on `sys.path`, in order.
    public var searchPaths: [String]
    /// `sys.argv`.
    public var arguments: [String]
    /// The folder for compiled bytecode; nil puts it beside each source, as `python` does.
    ///
    /// `PYTHONPYCACHEPREFIX` takes precedence if Python reads its variables.
    public var bytecodeCache: String?
    /// Whether Python reads its own environment variables, such as `PYTHONPATH`, as `python` does.
    ///
    /// <https://docs.python.org/3/using/cmdline.html#environment-variables>
    public var readsVariables: Bool
    /// Whether Python that reads its variables is in its UTF-8 mode, although the locale has an
    /// encoding.
    package var hasUTF8Mode = false
    /// Who provides the memory of Python objects.
    public var allocator: Allocator
    /// Whether Python runs in its development mode, with more checks and warnings.
    public var developmentMode: Bool
    /// What is done with an exception that ends a task and that nobody awaits.
    public var unhandledErrors: UnhandledErrors
    /// Who runs the event loop.
    public var eventLoop: EventLoopPolicy
    /// Where the standard streams go that no task has routed.
    public var streams: PythonStreams?
    /// Whether ``Python/liveObjects()`` counts the handles of objects; costs a look-up for each.
    public var countsObjects: Bool
    /// Called on the Python thread with each such exception; it must not block.
    public var onUnhandledError: (@Sendable (PythonException) -> Void)?
    /// Called on the Python thread when `SystemExit` leaves a task or the handler of a signal.
    ///
    /// With the exit code and what `python` would write to standard error.
    public var onExitRequest: (@Sendable (PythonExitStatus) -> Void)?
    /// Called on the Python thread as Python ends, with what is left, where objects are counted.
    ///
    /// Python code can still be run in it; it must not block.
    public var onLeftOverObjects: (@Sendable (PythonLiveObjects) -> Void)?

    /// Creates a configuration; each default is what a library that embeds Python wants.
    public init(
        environment: String? = nil,
        searchPaths: [String] = [],
        arguments: [String] = [""],
        bytecodeCache: String? = nil,
        readsVariables: Bool = false,
        allocator: Allocator = .standard,
        developmentMode: Bool = false,
        unhandledErrors: UnhandledErrors = .report,
        eventLoop: EventLoopPolicy = .standard,
        streams: PythonStreams? = nil,
        countsObjects: Bool = false,
        onUnhandledError: (@Sendable (PythonException) -> Void)? = nil,
        onExitRequest: (@Sendable (PythonExitStatus) -> Void)? = nil,
        onLeftOverObjects: (@Sendable (PythonLiveObjects) -> Void)? = nil
    ) {
        self.environment = environment
        self.searchPaths = searchPaths
        self.arguments = arguments
        self.bytecodeCache = bytecodeCache
        self.readsVariables = readsVariables
        self.allocator = allocator
        self.developmentMode = developmentMode
        self.unhandledErrors = unhandledErrors
        self.eventLoop = eventLoop
        self.streams = streams
        self.countsObjects = countsObjects
        self.onUnhandledError = onUnhandledError
        self.onExitRequest = onExitRequest
        self.onLeftOverObjects = onLeftOverObjects
    }

    /// Compares everything but the handlers, which have no identity.
    public static func == (one: Self, other: Self) -> Bool {
        one.environment == other.environment && one.searchPaths == other.searchPaths
            && one.arguments == other.arguments && one.bytecodeCache == other.bytecodeCache
            && one.readsVariables == other.readsVariables
            && one.hasUTF8Mode == other.hasUTF8Mode
            && one.allocator == other.allocator && one.developmentMode == other.developmentMode
            && one.unhandledErrors == other.unhandledErrors
            && one.eventLoop == other.eventLoop
            && one.countsObjects == other.countsObjects
            && (one.streams == nil) == (other.streams == nil)
            && (one.onUnhandledError == nil) == (other.onUnhandledError == nil)
            && (one.onExitRequest == nil) == (other.onExitRequest == nil)
            && (one.onLeftOverObjects == nil) == (other.onLeftOverObjects == nil)
    }
}
