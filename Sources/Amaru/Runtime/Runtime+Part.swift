// The parts of the bridge that are written in Python.
// SPDX-License-Identifier: Apache-2.0

extension Runtime {
    /// A file of the folder `Python`, which the build embeds; the parts share one namespace.
    enum Part: String {
        /// The home loop and its tasks; loaded when asyncio is imported.
        case asyncio
        /// Children of `os.fork`.
        case children
        /// Copying and pickling instances of exported classes.
        case classes
        /// Running code that may contain top-level `await`.
        case codes
        /// The fields and items of objects; a function returns a str if there is nothing to decode.
        case coding
        /// Ending tasks and asynchronous generators.
        case ending
        /// Exit functions and output, at the end of every program.
        case exits
        /// The text of exceptions; making exceptions and their classes.
        case errors
        /// Futures and callbacks of event loops.
        case futures
        /// Reporting that the import of a module has succeeded.
        case imports
        /// Asynchronous iteration, both ways.
        case iteration
        /// Defaults of parameters, and the messages of calls that do not fit.
        case signatures
        /// Compiling sources that are not files, and remembering their lines.
        case sources
        /// The standard streams that go where the task says.
        case streams
        /// Ending threads.
        case threads
        /// Values of classes of the standard library; a function returns a str if it fails.
        case values

        /// A module that is imported before the part runs.
        var requirement: String? { self == .asyncio ? "asyncio" : base?.requirement }

        /// The part that it builds on.
        var base: Part? {
            switch self {
            case .children: .exits
            case .ending, .futures: .asyncio
            case .iteration: .futures
            default: nil
            }
        }

        /// The contents of the file, in UTF-8.
        var source: [UInt8] {
            switch self {
            // A file `asyncio.py` would hide the standard library's from type checkers.
            case .asyncio: PackageResources.loops_py
            case .children: PackageResources.children_py
            case .classes: PackageResources.classes_py
            case .codes: PackageResources.codes_py
            case .coding: PackageResources.coding_py
            case .ending: PackageResources.ending_py
            case .exits: PackageResources.exits_py
            case .errors: PackageResources.errors_py
            case .futures: PackageResources.futures_py
            case .imports: PackageResources.imports_py
            case .iteration: PackageResources.iteration_py
            case .signatures: PackageResources.signatures_py
            case .sources: PackageResources.sources_py
            case .streams: PackageResources.streams_py
            case .threads: PackageResources.threads_py
            case .values: PackageResources.values_py
            }
        }
    }
}
