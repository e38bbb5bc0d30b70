// What installers do for locks.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Installer {
    /// Resolves a request with pip, and installs nothing.
    ///
    /// - Returns: pip's [report](https://pip.pypa.io/en/stable/reference/installation-report/).
    func report(of request: EnvironmentRequest) async throws -> URL {
        let report = work.folder.appending(path: "report.json")
        let options = [
            "--dry-run", "--ignore-installed", "--report", report.path, "--progress-bar", "off",
        ]
        let limits = try self.options(request.limits)
        let files = request.requirementFiles.flatMap { ["--requirement", $0] }
        try await pip(
            "install",
            options + request.indexes.options + limits + files + ["--"] + request.texts,
            for: request.interpreter.path,
            task: "resolve \((request.texts + request.requirementFiles).joined(separator: ", "))"
        )
        return report
    }

    /// Installs the files of a lock, and no others.
    func install(_ lock: EnvironmentLock, into environment: PythonEnvironment) async throws {
        if lock.packages.isEmpty { return }
        let file = work.folder.appending(path: "locked.txt")
        try lock.requirementsFile.write(to: file, atomically: false, encoding: .utf8)
        try await install(
            ["--no-deps", "--require-hashes", "--requirement", file.path],
            [],
            for: environment.executable.path,
            task: "install what is locked: \(lock.names.joined(separator: ", "))"
        )
    }
}
