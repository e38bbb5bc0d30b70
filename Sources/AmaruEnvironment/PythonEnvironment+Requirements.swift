// The packages of a Swift program: named, installed once, and imported.
// SPDX-License-Identifier: Apache-2.0

public import Amaru

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension PythonEnvironment {
    /// Makes an environment with these packages, or finds the one that was made before.
    ///
    /// It belongs to the Python that this program is linked with. `uv` installs the packages if it
    /// is on PATH, else `pip`; indexes, proxies and certificates are those that the user has
    /// configured for them. Once made, an environment needs neither a network nor an installer.
    ///
    /// ```swift
    /// let environment = try await PythonEnvironment(requirements: ["humanize>=4"]) { print($0) }
    /// try await Python.start(environment.configuration)
    /// ```
    ///
    /// For files of requirements, other indexes or another cache use ``EnvironmentBuilder``.
    ///
    /// - Parameters:
    ///   - requirements: Requirements in the form of
    ///     [PEP 508](https://peps.python.org/pep-0508/), URLs and paths of wheels included.
    ///   - variables: The process's variables, which say where the cache and the indexes are; the
    ///     installer gets them too.
    ///   - progress: Gets one line of text at a time, from any thread.
    /// - Throws: ``EnvironmentError``, which says what to do; `AmaruError` if the interpreter that
    ///   belongs to the linked library is missing. Nothing incomplete is kept.
    public init(
        requirements: [String],
        variables: [String: String] = ProcessInfo.processInfo.environment,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws {
        let builder = EnvironmentBuilder(
            cacheFolder: UserFolder.cache(in: variables),
            environment: variables
        )
        self = try await builder.environment(
            for: EnvironmentRequest(requirements: requirements, interpreter: .linked),
            progress: progress
        )
    }

    /// How Python starts in this environment; change the rest of it as you need.
    public var configuration: PythonConfiguration { PythonConfiguration(environment: root.path) }
}

extension PythonInterpreterInfo {
    /// The interpreter that belongs to the Python that this program is linked with.
    ///
    /// - Throws: `AmaruError` if it is missing, with the packages to install.
    public static var linked: PythonInterpreterInfo {
        get throws {
            PythonInterpreterInfo(
                path: try LinkedPython.interpreter(),
                version: LinkedPython.version
            )
        }
    }
}
