// The programs that make environments and fill them: uv, else venv and pip.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The one of the two real installers that this machine offers.
struct Installer: Sendable {
    enum Program: Sendable, Equatable {
        /// uv at this path.
        case uv(String)

        /// The interpreter's own venv module, and the pip that it puts in.
        case pip
    }

    let program: Program

    /// The whole environment of the programs it starts.
    let environment: [String: String]

    /// The lock on what they write, which they hold as their standard input.
    let lock: FileLock

    let progress: @Sendable (String) -> Void

    /// Finds uv on the caller's PATH, else settles for pip.
    init(
        environment: [String: String],
        lock: FileLock,
        progress: @escaping @Sendable (String) -> Void
    ) {
        self.lock = lock
        self.progress = progress
        if let uv = Self.find("uv", path: environment["PATH"]) {
            program = .uv(uv)
            self.environment = InstallerEnvironment.translatedForUV(environment)
        } else {
            program = .pip
            self.environment = environment
        }
    }

    /// Makes an empty virtual environment at `root`.
    func makeEnvironment(at root: URL, with interpreter: PythonInterpreterInfo) async throws {
        let task = "make a virtual environment in \(root.path)"
        switch program {
        case .uv(let uv):
            let arguments = ["venv", "--no-project", "--python", interpreter.path, root.path]
            try await run(uv, arguments, task: task)
        case .pip:
            // Isolated, or a file named like a standard module in the current folder is imported.
            let arguments = ["-I", "-m", "venv", root.path]
            try await run(interpreter.path, arguments, task: task)
        }
    }

    /// Where an installation goes and what comes with it.
    enum Mode: Equatable {
        /// Into the environment, dependencies included.
        case complete

        /// Into a plain folder: wheels only, without dependencies, nothing compiled.
        case unpacked(URL)
    }

    /// Installs requirements with `environment`'s Python.
    func install(_ requirements: [String], into environment: PythonRoot, _ mode: Mode) async throws
    {
        guard !requirements.isEmpty else { return }
        var arguments: [String]
        let command: String
        switch program {
        case .uv(let uv):
            command = uv
            arguments = ["pip", "install", "--python", environment.executable.path]
        case .pip:
            command = environment.executable.path
            arguments = [
                "-I", "-m", "pip", "install", "--disable-pip-version-check",
                "--progress-bar", "off", "--no-warn-script-location",
            ]
        }
        if case .unpacked(let folder) = mode {
            arguments += ["--no-deps", "--only-binary", ":all:", "--target", folder.path]
            if program == .pip { arguments.append("--no-compile") }
        }
        let task = "install \(requirements.joined(separator: ", "))"
        try await run(command, arguments + ["--"] + requirements, task: task)
    }

    /// Runs a program to its end, passes its lines on and keeps the last.
    private func run(_ command: String, _ arguments: [String], task: String) async throws {
        guard !Task.isCancelled else { throw EnvironmentError.cancelled }
        let child = try ChildProcess(
            ChildProcess.Configuration(
                executable: command,
                arguments: arguments,
                environment: environment,
                standardInput: .lock(lock),
                standardError: .merged
            )
        )
        var last: [String] = []
        // The stream ends early when this task is cancelled.
        for await line in child.standardOutput {
            progress(line)
            last.append(line)
            if last.count > 60 { last.removeFirst() }
        }
        if Task.isCancelled {
            await child.terminate()
            throw EnvironmentError.cancelled
        }
        let status: ExitStatus
        do {
            status = try await child.exitStatus()
        } catch {
            await child.terminate()
            throw EnvironmentError.cancelled
        }
        guard status.isSuccess else {
            let name = program == .pip ? "pip" : "uv"
            throw InstallerDiagnosis.error(
                installer: arguments.contains("venv") && program == .pip ? "venv" : name,
                task: task,
                status: status,
                lines: last
            )
        }
    }

    /// Looks a program up in a PATH; relative entries are skipped.
    static func find(_ name: String, path: String?) -> String? {
        (path ?? "").split(separator: ":")
            .filter { $0.hasPrefix("/") }
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// An environment's folder before it is complete.
struct PythonRoot: Sendable {
    let root: URL

    var executable: URL { root.appending(path: "bin/python") }
}
