// Why an environment can't be made, and what to do.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A failed installation of packages or a model: what happened, and what to do.
///
/// ```swift
/// do {
///     environment = try await builder.environment(for: request)
/// } catch let error as EnvironmentError where error.code == .offline {
///     print(error.remedy)
/// }
/// ```
public struct EnvironmentError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case noVenvModule, unresolvable, offline, unwritableCache, interpreterMissing
            case interpreterMismatch, invalidRequirement, cancelled, diskFull, damagedDownload
            case installerFailed, modelServerFailed, limitReached, indexFailed, stalled
            case staleLock, incompleteEnvironment, buildFailed
        }

        private let kind: Kind

        /// The interpreter can't make virtual environments.
        public static let noVenvModule = Code(kind: .noVenvModule)

        /// No set of versions meets the requirements.
        public static let unresolvable = Code(kind: .unresolvable)

        /// The package index can't be reached.
        public static let offline = Code(kind: .offline)

        /// The package index answers with errors of its own.
        public static let indexFailed = Code(kind: .indexFailed)

        /// An installer did nothing for too long, and was ended.
        public static let stalled = Code(kind: .stalled)

        /// A lock is missing, damaged, or was made for something else.
        public static let staleLock = Code(kind: .staleLock)

        /// An environment that is used as it is lacks packages.
        public static let incompleteEnvironment = Code(kind: .incompleteEnvironment)

        /// The cache folder can't be written.
        public static let unwritableCache = Code(kind: .unwritableCache)

        /// There is no interpreter at the path.
        public static let interpreterMissing = Code(kind: .interpreterMissing)

        /// The interpreter has another version than the request says.
        public static let interpreterMismatch = Code(kind: .interpreterMismatch)

        /// A requirement would be read as an option of the installer.
        public static let invalidRequirement = Code(kind: .invalidRequirement)

        /// The task was cancelled.
        public static let cancelled = Code(kind: .cancelled)

        /// The disk is full.
        public static let diskFull = Code(kind: .diskFull)

        /// A downloaded file has another digest than expected, or is not what its name says.
        public static let damagedDownload = Code(kind: .damagedDownload)

        /// A package that has no wheel for this Python and machine could not be built.
        public static let buildFailed = Code(kind: .buildFailed)

        /// The installer failed for a reason of its own.
        public static let installerFailed = Code(kind: .installerFailed)

        /// A limit of the process was reached, such as that of open files or memory.
        public static let limitReached = Code(kind: .limitReached)

        /// The local model's server did not start.
        public static let modelServerFailed = Code(kind: .modelServerFailed)

        /// The code's name.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code

    /// What happened to what, with the installer's last lines.
    public let message: String

    /// What to do about it.
    public let remedy: String

    /// The error that caused this one, if any.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, remedy: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.cause = cause
    }

    /// The message, then the remedy.
    public var description: String { "\(message)\n\(remedy)" }
}

extension EnvironmentError {
    /// Translates an error of a file operation in the cache.
    init(cache folder: String, _ error: any Error) {
        switch error {
        case let error as EnvironmentError:
            self = error
        case is CancellationError:
            self = .cancelled
        case let error as PosixError where error.isDiskFull:
            self = .diskFull(folder, "\(error)", cause: error)
        case let error as CocoaError where error.code == .fileWriteOutOfSpace:
            self = .diskFull(folder, error.reason, cause: error)
        case let error as PosixError where error.isShortage:
            self.init(
                .limitReached,
                "the packages cannot be installed: \(error)",
                remedy: "Raise the limit, or end other programs, and try again.",
                cause: error
            )
        default:
            self.init(
                .unwritableCache,
                "the cache folder \(folder) cannot be used: \(error.reason)",
                remedy: "Make it writable, or name another one with XDG_CACHE_HOME.",
                cause: error
            )
        }
    }

    /// The error of a full disk.
    ///
    /// - `details`: What failed for it.
    static func diskFull(
        _ path: String,
        _ details: String,
        cause: (any Error)? = nil
    ) -> EnvironmentError {
        EnvironmentError(
            .diskFull,
            "the disk that holds \(path) is full: \(details)",
            remedy: "Free some space there, for example with `amaru env prune`, then try again. "
                + "Nothing incomplete was kept.",
            cause: cause
        )
    }

    static var cancelled: EnvironmentError { cancelled("installation") }

    /// The error of an action whose task was cancelled.
    static func cancelled(_ action: String) -> EnvironmentError {
        EnvironmentError(
            .cancelled,
            "the \(action) was cancelled",
            remedy: "Start it again. Nothing incomplete was kept.",
            cause: CancellationError()
        )
    }
}

extension Error {
    /// The innermost error's description: Foundation's outer errors don't say what went wrong.
    fileprivate var reason: String {
        let inner = (self as? CocoaError)?.underlying
        return inner?.reason ?? String(describing: self)
    }
}
