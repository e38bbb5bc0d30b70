// The installers that tests run with, and sources for them to build.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

/// An installer as it is on this machine.
enum TestedInstaller: CaseIterable {
    case pip, uv

    /// The folder of uv: that of `make test-python`'s environment, or one on the path.
    private static let folderOfUV: String? = {
        let root = URL(filePath: #filePath).appending(path: "../../..").standardized
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map(String.init)
        return ([root.appending(path: ".venv/bin").path] + folders).first {
            FileManager.default.isExecutableFile(atPath: "\($0)/uv")
        }
    }()

    /// The PATH with which a builder finds it; cancels the test if it is not there.
    func path(in shop: WheelShop) async throws -> String {
        guard self == .uv else { return "/usr/bin:/bin" }
        guard let folder = Self.folderOfUV else {
            try Test.cancel("uv is not there: make test-python installs it")
        }
        // By name: beside it in the folder are Pythons that must not be taken.
        try await shop.folder.program("#!/bin/sh\nexec \"\(folder)/uv\" \"$@\"\n", "bin/uv")
        return "\(shop.folder.path)/bin:/usr/bin:/bin"
    }
}

extension WheelShop {
    /// The variables with which an installer sees the wheels of the folder, and no others.
    func variables(
        _ installer: TestedInstaller,
        _ further: [String: String] = [:]
    ) async throws -> [String: String] {
        let own = ["UV_NO_CACHE": "1", "UV_HTTP_RETRIES": "0", "PIP_RETRIES": "0"]
        return Self.variables(folder.path, path: try await installer.path(in: self))
            .merging(own) { $1 }.merging(further) { $1 }
    }

    /// A builder whose installer takes packages from a server alone.
    func builder(
        _ installer: TestedInstaller,
        index: ScriptedServer,
        _ further: [String: String] = [:]
    ) async throws -> EnvironmentBuilder {
        builder(index: index, try await variables(installer, further))
    }

    /// Makes an sdist whose build is a program of its own, which needs nothing.
    ///
    /// - `backend`: The functions of its build, as
    ///   [PEP 517](https://peps.python.org/pep-0517/) names them.
    /// - `requires`: What the build needs beside the standard library.
    func makeSource(_ name: String, backend: String, requires: String = "") async throws {
        let project = """
            [build-system]
            requires = [\(requires)]
            build-backend = "backend"
            backend-path = ["."]
            """
        let program = """
            import io, sys, tarfile
            name, folder, project, backend = sys.argv[1:]
            head = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n"
            files = {"pyproject.toml": project, "backend.py": backend, "PKG-INFO": head}
            with tarfile.open(f"{folder}/{name}-1.0.tar.gz", "w:gz") as archive:
                for path, text in files.items():
                    entry = tarfile.TarInfo(f"{name}-1.0/{path}")
                    entry.size = len(text.encode())
                    archive.addfile(entry, io.BytesIO(text.encode()))
            """
        _ = try await run(interpreter.path, program, name, folder.path, project, backend)
    }
}
