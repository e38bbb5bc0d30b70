// The programs that make environments and install packages: uv, else venv and pip.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The installer that this machine has.
struct Installer: Sendable {
    enum Program: Sendable, Equatable {
        /// uv at this path.
        case uv(String)

        /// The interpreter's own venv module, and the pip that it installs.
        case pip
    }

    let program: Program
    let environment: [String: String]
    let work: CacheEntry.Work
    let progress: @Sendable (String) -> Void
    let stallLimit: Duration
    let reportsDownloads: Bool

    /// Uses uv if the caller's PATH has it, else pip.
    init(
        _ builder: EnvironmentBuilder,
        _ work: CacheEntry.Work,
        program: Program? = nil,
        _ progress: @escaping @Sendable (String) -> Void
    ) {
        let uv = Self.find("uv", path: builder.environment["PATH"])
        self.program = program ?? uv.map(Program.uv) ?? .pip
        var environment = builder.environment
        if self.program != .pip { environment = InstallerEnvironment.translatedForUV(environment) }
        // Outside of it, a killed installer would leave its downloads behind.
        environment["TMPDIR"] = work.folder.path
        self.environment = environment
        self.work = work
        self.progress = progress
        stallLimit = builder.stallLimit
        reportsDownloads = builder.reportsDownloads
    }

    /// Makes an empty virtual environment at `root`.
    func makeEnvironment(at root: URL, with interpreter: PythonInterpreterInfo) async throws {
        let task = "make a virtual environment in \(root.path)"
        switch program {
        case .uv(let uv):
            let arguments = ["venv", "--no-project", "--python", interpreter.path, root.path]
            try await run(uv, arguments, as: "uv", task: task)
        case .pip:
            // Isolated: a file of the current folder may be named like a standard module.
            let arguments = ["-I", "-m", "venv", root.path, "--without-pip"]
            try await run(interpreter.path, arguments, as: "venv", task: task)
            // Not by venv, which keeps what this says about a failure to itself.
            try await run(
                PythonEnvironment(root: root).executable.path,
                ["-I", "-m", "ensurepip", "--default-pip"],
                as: "ensurepip",
                task: task
            )
        }
    }

    /// Installs what a request names.
    func install(_ request: EnvironmentRequest, into environment: PythonEnvironment) async throws {
        let files = request.requirementFiles.flatMap { ["--requirement", $0] }
        let named = (request.texts + request.requirementFiles).joined(separator: ", ")
        let options = request.indexes.options + files
        try await install(options, request.texts, into: environment, task: "install \(named)")
    }

    /// Puts the wheel of a requirement into a plain folder, without its dependencies.
    ///
    /// - `environment`: Whose Python decides which wheel that is.
    func unpack(
        _ requirement: String,
        into folder: URL,
        for environment: PythonEnvironment
    ) async throws {
        var options = ["--no-deps", "--only-binary", ":all:", "--target", folder.path]
        if program == .pip { options.append("--no-compile") }
        let task = "install \(requirement)"
        try await install(options, [requirement], into: environment, task: task)
    }

    /// Installs what a change adds.
    func install(_ change: EnvironmentChange, into environment: PythonEnvironment) async throws {
        var options: [String] = []
        if !change.dependencies { options.append("--no-deps") }
        if change.prereleases {
            options += program == .pip ? ["--pre"] : ["--prerelease", "allow"]
        }
        if change.reinstalls {
            options.append(program == .pip ? "--force-reinstall" : "--reinstall")
        }
        options += change.indexes.options
        if !change.constraints.isEmpty {
            let file = work.folder.appending(path: "constraints.txt")
            let text = change.constraints.map { $0 + "\n" }.joined()
            try text.write(to: file, atomically: false, encoding: .utf8)
            options += ["--constraint", file.path]
        }
        let requirements = change.requirements.map { change.files[$0] ?? $0 }
        let task = "install \(change.requirements.joined(separator: ", "))"
        try await install(options, requirements, into: environment, task: task)
    }

    func install(
        _ options: [String],
        _ requirements: [String],
        into environment: PythonEnvironment,
        task: String
    ) async throws {
        guard !requirements.isEmpty || options.contains("--requirement") else { return }
        let own =
            program == .pip
            ? ["--progress-bar", "off", "--no-warn-script-location"]
            : InstallerEnvironment.optionsForUV(self.environment)
        let all = own + options + ["--"] + requirements
        try await pip("install", all, in: environment, task: task)
    }

    /// Removes packages.
    func remove(_ names: [String], from environment: PythonEnvironment) async throws {
        guard !names.isEmpty else { return }
        let own = program == .pip ? ["--yes"] : []
        let task = "remove \(names.joined(separator: ", "))"
        try await pip("uninstall", own + ["--"] + names, in: environment, task: task)
    }

    /// Runs a command of pip, or of uv in the place of pip.
    func pip(
        _ name: String,
        _ arguments: [String],
        in environment: PythonEnvironment,
        task: String
    ) async throws {
        let python = environment.executable.path
        switch program {
        case .uv(let uv):
            try await run(
                uv,
                ["pip", name, "--python", python] + arguments,
                as: "uv",
                task: task
            )
        case .pip:
            let own = ["--disable-pip-version-check", "--log", log.path]
            let all = ["-I", "-m", "pip", name] + own + arguments
            try await run(python, all, as: "pip", task: task)
        }
    }

    /// Finds a program in a PATH, whose relative entries don't count.
    static func find(_ name: String, path: String?) -> String? {
        (path ?? "").split(separator: ":")
            .filter { $0.hasPrefix("/") }
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
