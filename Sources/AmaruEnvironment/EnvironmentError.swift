// Why an environment could not be made, and what to do.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Says why packages could not be installed, in the installer's own words, and what to do.
public struct EnvironmentError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case noVenvModule, unresolvable, offline, unwritableCache, interpreterMissing
            case interpreterMismatch, invalidRequirement, cancelled, diskFull, damagedDownload
            case installerFailed, modelServerFailed, limitReached
        }

        private let kind: Kind

        /// The interpreter can't make virtual environments.
        public static let noVenvModule = Code(kind: .noVenvModule)

        /// No set of versions meets the requirements.
        public static let unresolvable = Code(kind: .unresolvable)

        /// The package index can't be reached.
        public static let offline = Code(kind: .offline)

        /// The cache folder can't be written.
        public static let unwritableCache = Code(kind: .unwritableCache)

        /// The interpreter is not there.
        public static let interpreterMissing = Code(kind: .interpreterMissing)

        /// The interpreter is of another version than the one asked for.
        public static let interpreterMismatch = Code(kind: .interpreterMismatch)

        /// A requirement can't be given to an installer.
        public static let invalidRequirement = Code(kind: .invalidRequirement)

        /// The task was cancelled.
        public static let cancelled = Code(kind: .cancelled)

        /// The disk is full.
        public static let diskFull = Code(kind: .diskFull)

        /// A downloaded file is not the expected one.
        public static let damagedDownload = Code(kind: .damagedDownload)

        /// The installer failed for a reason of its own.
        public static let installerFailed = Code(kind: .installerFailed)

        /// A limit of the process, as of open files or memory, was reached.
        public static let limitReached = Code(kind: .limitReached)

        /// The local model's server did not start.
        public static let modelServerFailed = Code(kind: .modelServerFailed)

        /// The code's name.
        public var description: String { kind.rawValue }
    }

    /// The kind of failure.
    public let code: Code

    /// What happened, to what; the installer's last lines included.
    public let message: String

    /// What to do about it.
    public let remedy: String

    /// What caused it, where that is an error itself.
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
    /// Translates what a file operation in the cache threw.
    init(cache folder: String, _ error: any Error) {
        switch error {
        case let error as EnvironmentError:
            self = error
        case is CancellationError:
            self = .cancelled
        case let error as PosixError where error.isDiskFull:
            self.init(
                .diskFull,
                "the disk that holds \(folder) is full (\(error))",
                remedy: "Free some space, then try again; nothing half-made was kept.",
                cause: error
            )
        case let error as PosixError where error.isShortage:
            self.init(
                .limitReached,
                "the packages cannot be installed: \(error)",
                remedy: "Raise the limit, or end what else uses it up, and try again.",
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

    static var cancelled: EnvironmentError {
        EnvironmentError(
            .cancelled,
            "the installation was cancelled",
            remedy: "Start it again; what was half-made is removed.",
            cause: CancellationError()
        )
    }
}

extension Error {
    /// The words of the innermost error: Foundation's outer ones don't say what went wrong.
    fileprivate var reason: String {
        let inner = (self as? CocoaError)?.underlying
        return inner?.reason ?? String(describing: self)
    }
}
