// What a script says about the packages and the Python that it needs.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension ChatScript {
    /// What the script's block names, and in a folder what its `pyproject.toml` names, too.
    ///
    /// A project beside a script that is named itself counts as little as for `uv run --script`.
    ///
    /// - Throws: `EnvironmentError` for what cannot be read; `ValidationError` where another Python
    ///   is needed.
    func needs(_ builder: EnvironmentBuilder) async throws -> ScriptMetadata {
        var needs = try await builder.metadata(ofScript: contents, named: path, with: .linked)
        try check(needs, of: path)
        if let project = file(named: "pyproject.toml") {
            let others = try await builder.metadata(ofProject: project, with: .linked)
            try check(others, of: project.path)
            needs.dependencies += others.dependencies
            needs.requiresPython = needs.requiresPython ?? others.requiresPython
            needs.indexes.main = needs.indexes.main ?? others.indexes.main
            needs.indexes.extra += others.indexes.extra
            try needs.limits.add(others.limits)
        }
        return needs
    }

    /// The file of requirements of a folder that is no project.
    var requirementFiles: [String] {
        guard file(named: "pyproject.toml") == nil else { return [] }
        return [file(named: "requirements.txt")?.path].compactMap(\.self)
    }

    /// The file that keeps the exact packages of the script or its folder; nil for what is neither.
    var lockFile: URL? {
        switch kind {
        case .file, .folder:
            EnvironmentLock.file(
                // Beside the file itself, as what it imports.
                for: folder ?? URL(filePath: filename).resolvingSymlinksInPath(),
                isFolder: folder != nil
            )
        case .text, .module: nil
        }
    }

    /// What the script and its folder ask for, without what a command line adds.
    func request(
        for needs: ScriptMetadata,
        _ interpreter: PythonInterpreterInfo
    ) -> EnvironmentRequest {
        EnvironmentRequest(needs, files: requirementFiles, interpreter: interpreter)
    }

    private func file(named name: String) -> URL? {
        guard let file = folder?.appending(path: name) else { return nil }
        return FileManager.default.fileExists(atPath: file.path) ? file : nil
    }

    private func check(_ needs: ScriptMetadata, of name: String) throws {
        guard !needs.fitsPython, let wanted = needs.requiresPython else { return }
        let own = try PythonInterpreterInfo.linked
        throw ValidationError(
            "\(name) needs Python \(wanted). This program is linked with CPython \(own.version) "
                + "(\(own.path)): change requires-python, or build amaru with another Python."
        )
    }
}
