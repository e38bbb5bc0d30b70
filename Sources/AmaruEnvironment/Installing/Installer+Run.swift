// One run of an installer: its lines, its end, and why it failed.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Installer {
    /// What pip notes down and does not say, such as the answers of an index.
    var log: URL { work.folder.appending(path: "pip.log") }

    /// Runs a program to its end and passes on what it does, as far as a user wants to know.
    func run(
        _ command: String,
        _ arguments: [String],
        as name: String,
        task: String
    ) async throws {
        guard !Task.isCancelled else { throw EnvironmentError.cancelled }
        let child = try ChildProcess(
            executable: command,
            arguments: arguments,
            environment: environment,
            standardError: .merged,
            holding: work.held
        )
        let watch = StallWatch(of: child, in: [work.folder, work.entry], limit: stallLimit)
        let downloads = reportsDownloads ? DownloadWatch(in: work.folder, progress: progress) : nil
        defer {
            watch.end()
            downloads?.end()
        }
        var last: [String] = []
        // The stream ends early when this task is cancelled.
        for await line in child.standardOutput {
            watch.note()
            downloads?.note(line)
            // What comes with Python itself is no news.
            if name != "ensurepip", let step = InstallerProgress.step(line) { progress(step) }
            last.append(line)
            if last.count > 60 { last.removeFirst() }
        }
        guard !Task.isCancelled, let status = try? await child.exitStatus() else {
            await child.terminate()
            throw EnvironmentError.cancelled
        }
        if status.isSuccess { return }
        let failure = InstallerDiagnosis(
            installer: name,
            task: task,
            status: status,
            lines: last + notes(),
            folder: work.entry.path,
            work: work.folder.path
        )
        throw watch.hasFired ? failure.stalled(stallLimit) : failure.error
    }

    /// The answers of indexes in pip's log.
    private func notes() -> [String] {
        let found = try? FileManager.default.attributesOfItem(atPath: log.path)
        guard let size = found?[.size] as? Int, size < 1 << 26,
            let data = FileManager.default.contents(atPath: log.path)
        else { return [] }
        return String(decoding: data.suffix(1 << 20), as: UTF8.self).split(separator: "\n")
            .compactMap { line in
                line.firstRange(of: "Could not fetch URL").map { String(line[$0.lowerBound...]) }
            }
            .suffix(4)
    }
}
