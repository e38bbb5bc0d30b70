// The parts of the bridge that are written in Python.
// SPDX-License-Identifier: Apache-2.0

extension Runtime {
    /// A file of the folder `Python`, which the build embeds; the parts share one namespace.
    enum Part {
        /// The home loop, its tasks, and asynchronous iteration; loaded when asyncio is imported.
        case asyncio
        /// Copying and pickling instances of exported classes.
        case classes
        /// The fields and items of objects; a function returns a str if there is nothing to decode.
        case coding
        /// Ending tasks, generators, threads, exit functions and output.
        case ending
        /// The text of exceptions; making exceptions and their classes.
        case errors
        /// Reporting that the import of a module has succeeded.
        case imports
        /// Defaults of parameters, and the messages of calls that do not fit.
        case signatures
        /// Compiling and running sources that may contain top-level `await`.
        case sources
        /// The standard streams that go where the task says.
        case streams
        /// Values of classes of the standard library; a function returns a str if it fails.
        case values

        /// A module that is imported before the part runs.
        var requirement: String? { self == .asyncio ? "asyncio" : nil }

        /// The contents of the file, in UTF-8.
        var source: [UInt8] {
            switch self {
            // A file `asyncio.py` would hide the standard library's from type checkers.
            case .asyncio: PackageResources.loops_py
            case .classes: PackageResources.classes_py
            case .coding: PackageResources.coding_py
            case .ending: PackageResources.ending_py
            case .errors: PackageResources.errors_py
            case .imports: PackageResources.imports_py
            case .signatures: PackageResources.signatures_py
            case .sources: PackageResources.sources_py
            case .streams: PackageResources.streams_py
            case .values: PackageResources.values_py
            }
        }
    }
}
