// Gets a local model's engine and file, once.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What a local model needs on the disk: an environment with its engine, and the model's file.
///
/// ```swift
/// let files = try await LocalModelFiles.ensure(
///     requirements: ["openai>=3", "pluggy", LocalModel.engineRequirement],
///     interpreter: interpreter, builder: builder) { print($0) }
/// ```
public struct LocalModelFiles: Sendable, Hashable {
    /// The environment that holds the engine.
    public let environment: PythonEnvironment

    /// The model's file.
    public let model: URL

    /// Installs the engine and downloads the model; a second call does neither.
    ///
    /// The file appears under its name only when it is whole and has the right digest.
    ///
    /// - Parameters:
    ///   - requirements: all that the environment must hold. The engine is added if it is missing,
    ///     so that one environment can serve the conversation and the model.
    ///   - progress: gets one line of text at a time, from any thread.
    /// - Throws: `EnvironmentError`.
    public static func ensure(
        _ model: LocalModel = .smolLM2,
        requirements: [String] = [LocalModel.engineRequirement],
        interpreter: PythonInterpreterInfo,
        builder: EnvironmentBuilder,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> LocalModelFiles {
        let request = request(requirements, interpreter)
        let environment = try await builder.environment(for: request, progress: progress)
        return try await ensure(model, in: environment, builder: builder, progress: progress)
    }

    /// Downloads the model alone, with the installer of an environment that holds the engine.
    ///
    /// - Throws: `EnvironmentError`.
    public static func ensure(
        _ model: LocalModel = .smolLM2,
        in environment: PythonEnvironment,
        builder: EnvironmentBuilder,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> LocalModelFiles {
        let store = LocalModelStore(builder: builder, model: model)
        let file = try await store.file(using: environment, progress: progress)
        return LocalModelFiles(environment: environment, model: file)
    }

    private static func request(
        _ requirements: [String],
        _ interpreter: PythonInterpreterInfo
    ) -> EnvironmentRequest {
        let hasEngine = EnvironmentRequest.normalised(requirements).contains {
            $0.hasPrefix("xllamacpp")
        }
        return EnvironmentRequest(
            requirements: hasEngine ? requirements : requirements + [LocalModel.engineRequirement],
            interpreter: interpreter
        )
    }
}
