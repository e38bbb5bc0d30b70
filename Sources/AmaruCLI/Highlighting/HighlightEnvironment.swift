// The environment that Pygments is in: found, made, and what became of the last attempt.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where the highlighter's packages are.
///
/// An attempt that has failed is noted down and not repeated for a day: without a network each
/// answer with code would begin another one.
struct HighlightEnvironment: Sendable {
    static let requirement = "pygments>=2.18,<3"
    private static let pause = 86_400.0

    let builder: EnvironmentBuilder

    /// An attempt that has failed.
    struct Failure: Codable, Equatable {
        var time: Date
        var reason: String
    }

    /// The note of the last attempt.
    var note: URL { builder.cacheFolder.appending(path: "highlighting.json") }

    private var request: EnvironmentRequest {
        get throws {
            EnvironmentRequest(requirements: [Self.requirement], interpreter: try .linked)
        }
    }

    /// The environment, if it was made before; starts no process.
    func existing() throws -> PythonEnvironment? { builder.existing(for: try request) }

    /// Why the last attempt has failed, for as long as it isn't repeated.
    var failure: Failure? {
        guard let bytes = FileManager.default.contents(atPath: note.path),
            let failure = try? JSONDecoder().decode(Failure.self, from: bytes),
            abs(failure.time.timeIntervalSinceNow) < Self.pause
        else { return nil }
        return failure
    }

    /// Makes the environment, unless that has failed lately; returns whether it is there.
    func make() async -> Bool {
        guard failure == nil else { return false }
        do {
            _ = try await builder.environment(for: try request)
            try? FileManager.default.removeItem(at: note)
            return true
        } catch let error as EnvironmentError where error.code == .cancelled {
            return false
        } catch {
            let failure = Failure(time: Date(), reason: "\(error)")
            if let bytes = try? JSONEncoder().encode(failure) {
                try? PrivateFile.write(bytes, to: note)
            }
            return false
        }
    }
}
