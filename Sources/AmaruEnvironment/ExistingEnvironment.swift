// Environments of the user's, which are used as they are.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension EnvironmentBuilder {
    /// Checks that an environment meets a request; installs nothing.
    ///
    /// Compared are names, versions and markers, of what the request names itself.
    ///
    /// - Throws: `EnvironmentError` with `incompleteEnvironment`, which names what is missing and
    ///   the command that installs it.
    public func check(
        _ environment: PythonEnvironment,
        meets request: EnvironmentRequest
    ) async throws {
        try request.validate()
        let wanted = request.texts + RequirementsFile.requirements(of: request.requirementFiles)
        if wanted.isEmpty { return }
        let answer: Answer
        do {
            let source = Self.program(PackageResources.nearby_py, PackageResources.missing_py)
            let list = String(decoding: try JSONEncoder().encode(wanted), as: UTF8.self)
            answer = try await ask(environment.executable.path, ["-I", "-c", source, list])
        } catch is CancellationError {
            throw EnvironmentError.cancelled("start")
        } catch {
            throw EnvironmentError(
                .incompleteEnvironment,
                "\(environment.root.path): its packages cannot be listed: \(error)",
                remedy: "Check that \(environment.executable.path) runs.",
                cause: error
            )
        }
        if answer.missing.isEmpty { return }
        let named = answer.missing.map { one in
            one.requirement + (one.installed.map { " (\($0) is installed)" } ?? "")
        }
        throw EnvironmentError(
            .incompleteEnvironment,
            "\(environment.root.path) lacks what is needed: \(named.joined(separator: ", "))",
            remedy: "Install it with: "
                + command(for: answer.missing.map(\.requirement), environment, answer.pip)
        )
    }

    private struct Answer: Codable {
        struct Missing: Codable {
            var requirement: String
            var installed: String?
        }

        var missing: [Missing]
        var pip: Bool
    }

    /// The command line that installs requirements into an environment.
    private func command(
        for requirements: [String],
        _ environment: PythonEnvironment,
        _ hasPip: Bool
    ) -> String {
        let python = environment.executable.path
        let uv = hasPip ? nil : Installer.find("uv", path: self.environment["PATH"])
        let start =
            uv.map { [$0, "pip", "install", "--python", python] }
            ?? [python, "-m", "pip", "install"]
        return (start + requirements).map(Self.quoted).joined(separator: " ")
    }

    /// A word as a shell reads it.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.allSatisfy { character in
            character.isASCII
                && (character.isLetter || character.isNumber || "/._-=+@:,".contains(character))
        }
        return isPlain ? word : "'\(word.replacing("'", with: #"'\''"#))'"
    }
}
