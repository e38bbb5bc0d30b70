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

        /// The interpreter's own venv module, and the pip of this environment.
        case pip(PythonEnvironment)

        var isPip: Bool { if case .pip = self { true } else { false } }
    }

    let program: Program
    let environment: [String: String]
    let work: CacheEntry.Work
    let progress: @Sendable (String) -> Void
    let stallLimit: Duration
    let reportsDownloads: Bool

    init(
        _ builder: EnvironmentBuilder,
        _ work: CacheEntry.Work,
        _ program: Program,
        _ progress: @escaping @Sendable (String) -> Void
    ) {
        self.program = program
        var environment = builder.environment
        if !program.isPip { environment = InstallerEnvironment.translatedForUV(environment) }
        // Outside of it, a killed installer would leave its downloads behind.
        environment["TMPDIR"] = work.folder.path
        self.environment = environment
        self.work = work
        self.progress = progress
        stallLimit = builder.stallLimit
        reportsDownloads = builder.reportsDownloads
    }

    /// Makes an empty virtual environment at `root`, without pip.
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
        }
    }

    /// Installs the pip that comes with Python.
    ///
    /// Not by venv, which keeps what this says about a failure to itself.
    func installPip(into environment: PythonEnvironment) async throws {
        try await run(
            environment.executable.path,
            ["-I", "-m", "ensurepip", "--default-pip"],
            as: "ensurepip",
            task: "install pip in \(environment.root.path)"
        )
    }

    /// Installs what a request names.
    func install(_ request: EnvironmentRequest, into environment: PythonEnvironment) async throws {
        let files = request.requirementFiles.flatMap { ["--requirement", $0] }
        let named = (request.texts + request.requirementFiles).joined(separator: ", ")
        let options = request.indexes.options + (try options(request.limits)) + files
        let python = environment.executable.path
        try await install(options, request.texts, for: python, task: "install \(named)")
    }

    /// Puts the wheel of a requirement into a plain folder, without its dependencies.
    ///
    /// - `python`: The interpreter for which the wheel is to be.
    func unpack(_ requirement: String, into folder: URL, for python: String) async throws {
        var options = ["--no-deps", "--only-binary", ":all:", "--target", folder.path]
        if program.isPip { options.append("--no-compile") }
        let task = "install \(requirement)"
        try await install(options, [requirement], for: python, task: task)
    }

    /// Installs what a change adds.
    func install(_ change: EnvironmentChange, into environment: PythonEnvironment) async throws {
        var options: [String] = []
        if !change.dependencies { options.append("--no-deps") }
        if change.prereleases {
            options += program.isPip ? ["--pre"] : ["--prerelease", "allow"]
        }
        if change.reinstalls {
            options.append(program.isPip ? "--force-reinstall" : "--reinstall")
        }
        options += change.indexes.options
        options += try constraining(change.constraints)
        let requirements = change.requirements.map { change.files[$0] ?? $0 }
        let task = "install \(change.requirements.joined(separator: ", "))"
        try await install(options, requirements, for: environment.executable.path, task: task)
    }

    func install(
        _ options: [String],
        _ requirements: [String],
        for python: String,
        task: String
    ) async throws {
        guard !requirements.isEmpty || options.contains("--requirement") else { return }
        let own =
            program.isPip
            ? ["--progress-bar", "off", "--no-warn-script-location"]
            : InstallerEnvironment.optionsForUV(self.environment)
        let all = own + options + ["--"] + requirements
        try await pip("install", all, for: python, task: task)
    }

    /// Removes packages.
    func remove(_ names: [String], from environment: PythonEnvironment) async throws {
        guard !names.isEmpty else { return }
        let own = program.isPip ? ["--yes"] : []
        let task = "remove \(names.joined(separator: ", "))"
        let all = own + ["--"] + names
        try await pip("uninstall", all, for: environment.executable.path, task: task)
    }

    /// Runs a command of pip, or of uv in the place of pip.
    func pip(
        _ name: String,
        _ arguments: [String],
        for python: String,
        task: String
    ) async throws {
        switch program {
        case .uv(let uv):
            try await run(
                uv,
                ["pip", name, "--python", python] + arguments,
                as: "uv",
                task: task
            )
        case .pip(let tools):
            let own = ["--disable-pip-version-check", "--log", log.path]
            // What `pip --python` starts, which would have neither -I nor our descriptors.
            let all = ["-I", tools.pipRunner ?? "no module named pip", name] + own + arguments
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
