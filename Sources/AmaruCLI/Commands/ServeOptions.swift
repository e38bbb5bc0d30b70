// The options of a server: where it listens, and whom it answers.
// SPDX-License-Identifier: Apache-2.0

import AmaruServe
import AmaruStore
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct ServeOptions: ParsableArguments {
    @Option(help: "The address to listen at; 0.0.0.0 for all of this machine.")
    var host = "127.0.0.1"

    @Option(help: "The port to listen at; 0 for any free one.")
    var port = 8000

    @Option(
        help: ArgumentHelp(
            "A further model that clients may choose, as for --model. Repeatable.",
            valueName: "model"
        )
    )
    var offer: [String] = []

    @Flag(help: "Print a link that logs a browser in once.")
    var open = false

    @Option(
        help: """
            A file that only you can read, with a token of at least 16 characters; or with a line \
            NAME:TOKEN for each of several users, who see their own conversations.
            """,
        completion: .file()
    )
    var tokenFile: String?

    @Option(
        help: """
            A further name that browsers reach the server by, NAME[:PORT], such as that of a \
            proxy. Repeatable.
            """
    )
    var allowHost: [String] = []

    @Option(help: "The URL that browsers reach the server by, behind a proxy.")
    var publicURL: String?

    @Option(help: "An origin whose pages may use /v1, such as https://app.example. Repeatable.")
    var allowOrigin: [String] = []

    @Flag(help: "Write a line about each request to standard error.")
    var logRequests = false

    @Option(
        help: """
            How many processes answer, each with an interpreter and so a core of its own; a \
            conversation stays with one of them.
            """
    )
    var workers = 1

    @Option(
        help: ArgumentHelp(
            """
            Keep conversations in a PostgreSQL database, so that several servers show the same \
            ones: postgresql://USER@HOST/NAME. A password goes into PGPASSWORD or ~/.pgpass.
            """,
            valueName: "url"
        )
    )
    var store: String?

    /// Marks a process that a server has started to answer for it.
    @Flag(help: .private)
    var asWorker = false

    func validate() throws {
        guard 1...64 ~= workers else {
            throw ValidationError("--workers \(workers): there can be 1 to 64 processes.")
        }
        _ = try store.map(StoreOptions.place)
    }
}

/// What a server starts with.
struct ServeStart: Sendable {
    var configuration: ServeConfiguration
    /// The token that came in a variable, or was made; a restarted server gets it again.
    var token: String?
    /// Whether the user has not seen the token yet.
    var isTokenNew = false
    /// Whether this process has been a server before, which is now started again.
    var isAgain = false
    /// The database that several servers share.
    var place: PostgresPlace?
    /// The database's password from a variable, which a restarted server gets again.
    var storePassword: String?
    /// The folder that the words of the command line are relative to.
    let folder = FileManager.default.currentDirectoryPath
    let options: ServeOptions
}

extension ServeOptions {
    /// Where a token may be; never on the command line, which others can read.
    static let tokenVariable = "AMARU_SERVE_TOKEN"
    /// The variable of PostgreSQL's clients.
    static let passwordVariable = "PGPASSWORD"

    /// Takes the token, and checks the options.
    ///
    /// - Throws: `ValidationError`; `PrivateFile.Failure`.
    func start() throws -> ServeStart {
        let restart = ServeRestart.take()
        var token = ProcessSecrets.take(Self.tokenVariable)
        let password = store == nil ? nil : ProcessSecrets.take(Self.passwordVariable)
        var isNew = false
        do {
            var tokens = AccessTokens()
            if let tokenFile {
                guard let text = try PrivateFile.secret(at: tokenFile) else {
                    throw ValidationError("--token-file \(tokenFile): there is no such file.")
                }
                tokens = try AccessTokens(parsing: text, from: tokenFile)
                token = nil
            } else if let token {
                tokens = try AccessTokens(parsing: token, from: Self.tokenVariable)
            } else if !ServeConfiguration.isLoopback(host) {
                let made = AccessTokens.random()
                tokens = try AccessTokens(parsing: made, from: Self.tokenVariable)
                (token, isNew) = (made, true)
            }
            if !tokens.isEmpty || password != nil { ProcessSecrets.forbidDumps() }
            let configuration = try ServeConfiguration(
                host: host,
                port: restart ?? port,
                tokens: tokens,
                allowedHosts: allowHost,
                publicURL: publicURL,
                allowedOrigins: allowOrigin
            )
            return ServeStart(
                configuration: configuration,
                token: token,
                isTokenNew: isNew,
                isAgain: restart != nil,
                place: store.flatMap { PostgresPlace($0, password: password) },
                storePassword: password,
                options: self
            )
        } catch let error as ServeError {
            throw ValidationError(error.description)
        } catch let error as PrivateFile.Failure {
            throw ValidationError("--token-file: \(error)")
        }
    }
}
