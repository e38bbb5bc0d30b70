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

    /// How many of the last lines say why it failed; uv's are all that a build wrote, too.
    private var kept: Int { program.isPip ? 60 : 400 }

    /// The folders where downloads grow: its own, and new ones of uv's cache.
    var downloads: [URL] { [work.folder] + cache([".tmp"]) }

    /// All folders that grow while it works.
    var growing: [URL] { downloads + [work.entry] + cache(["builds-", "sdists-"]) }

    /// The folders of uv's cache whose names begin like one of these.
    private func cache(_ starts: [String]) -> [URL] {
        guard !program.isPip, let cache = InstallerEnvironment.cacheOfUV(environment) else {
            return []
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []
        return names.filter { starts.contains(where: $0.hasPrefix) }
            .map { URL(filePath: cache).appending(path: $0) }
    }

    /// Runs a program to its end and passes on what it does, as far as a user wants to know.
    func run(
        _ command: String,
        _ arguments: [String],
        as name: String,
        task: String
    ) async throws {
        guard !Task.isCancelled else { throw EnvironmentError.cancelled }
        let download = reportsDownloads ? DownloadWatch(in: { downloads }, progress: progress) : nil
        defer { download?.end() }
        let child = try ChildProcess(
            executable: command,
            arguments: arguments,
            environment: environment,
            standardError: .merged,
            holding: work.held
        )
        let watch = StallWatch(of: child, in: { growing }, limit: stallLimit)
        defer { watch.end() }
        var last: [String] = []
        var traceback = TracebackFilter()
        // The stream ends early when this task is cancelled.
        for await line in child.standardOutput {
            watch.note()
            download?.note(line)
            // What comes with Python itself is no news.
            if name != "ensurepip", let step = InstallerProgress.step(line) { progress(step) }
            if traceback.drops(line) { continue }
            last.append(line)
            // What failed stands above what a build wrote.
            if last.count > kept { last.remove(at: program.isPip ? 0 : 12) }
        }
        guard !Task.isCancelled, let status = try? await child.exitStatus() else {
            await child.terminate()
            throw EnvironmentError.cancelled
        }
        if status.isSuccess { return try await checkMembers(last, task) }
        let notes = InstallerLog(at: log.path)
        let failure = InstallerDiagnosis(
            installer: name,
            task: task,
            status: status,
            lines: last + notes.answers,
            program: notes.failedProgram,
            proxies: InstallerEnvironment.proxies(environment),
            folder: work.entry.path,
            work: work.folder.path
        )
        throw watch.hasFired ? failure.stalled(stallLimit) : failure.error
    }

    /// Refuses wheels with members that uv has left out, since they lead out of their folder.
    private func checkMembers(_ lines: [String], _ task: String) async throws {
        guard case .uv(let uv) = program else { return }
        let members = lines.compactMap { line in
            line.firstRange(of: "Skipping unsafe file name: ").map { line[$0.upperBound...] }
        }
        guard !members.isEmpty else { return }
        // What is in uv's cache is not looked at again.
        let names = lines.compactMap { line -> String? in
            let words = line.trimmed.split(separator: " ")
            guard words.count > 1, words[0] == "+" else { return nil }
            return words[1].split(separator: "=").first.map(String.init)
        }
        try await run(uv, ["cache", "clean", "--"] + names, as: "uv", task: "clean its cache")
        throw EnvironmentError(
            .damagedDownload,
            "uv could not \(task): a wheel has files outside the target directory: "
                + members.joined(separator: ", "),
            remedy: "The file is damaged, or is no package: get it again, or ask its author."
        )
    }
}
