// A PostgreSQL server for tests.
// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import AmaruStore

/// One server, behind a socket in a folder of its own, which ends with the value.
final class PostgresServer: @unchecked Sendable {
    // Safe because one test has it, and its tasks do not start or stop it at the same time.

    /// The folder of the newest programs that are installed; nil without PostgreSQL.
    static let programs: String? = {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.max { $0.localizedStandardCompare($1) == .orderedAscending }
        return newest.map { "\(root)/\($0)/bin" }
    }()
    private static let root = "/usr/lib/postgresql"

    let folder: String
    private var process: Process?

    init() throws {
        // Short: it is part of a socket's path.
        folder = "/tmp/pg\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        if geteuid() == 0 { chmod(folder, 0o777) }
        let made = try run("initdb", ["-U", "amaru", "-A", "trust", "-E", "UTF8", "-D", "data"])
        made.waitUntilExit()
        try start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    var place: PostgresPlace {
        guard let place = PostgresPlace("postgresql://amaru@/postgres?host=\(folder)") else {
            preconditionFailure("it is a URL")
        }
        return place
    }

    /// A connection to the tables of a store.
    func store(as name: String = "a") throws -> ConversationStore {
        try ConversationStore(place, as: name)
    }

    func start() throws {
        process = try run(
            "postgres",
            [
                "-D", "data", "--listen_addresses=", "--unix_socket_directories=\(folder)",
                "--fsync=off",
            ]
        )
        let deadline = ContinuousClock.now + .seconds(60)
        while (try? PostgresConnection(place)) == nil {
            guard process?.isRunning == true, .now < deadline else {
                throw StoreError(code: .gone, number: 0, path: folder, detail: "it did not start")
            }
            usleep(20_000)
        }
    }

    func stop() {
        process?.interrupt()
        process?.waitUntilExit()
        process = nil
    }

    private func run(_ program: String, _ arguments: [String]) throws -> Process {
        let process = Process()
        let path = "\(Self.programs ?? "")/\(program)"
        // It does not run as root.
        let drop = ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", path]
        let isRoot = geteuid() == 0
        process.executableURL = URL(filePath: isRoot ? "/usr/bin/setpriv" : path)
        process.arguments = (isRoot ? drop : []) + arguments
        process.currentDirectoryURL = URL(filePath: folder)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }
}
